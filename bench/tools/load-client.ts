import { connect, type Socket } from 'node:net';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200. */
  readonly errors: number;
  /** The first of them. */
  readonly firstError: string | null;
}

/** A request as it goes on the wire, made before the clock starts. */
export function postRequest(input: { path: string; body: string; headers: Readonly<Record<string, string>> }): Buffer {
  const body = Buffer.from(input.body);
  const headers = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...input.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${input.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/**
 * A closed loop: `concurrency` connections, each sends its next request when the last was answered. Over raw sockets,
 * which costs the shared processors little, so that the server is what is measured.
 */
export async function driveLoad(input: {
  port: number;
  requests: readonly Buffer[];
  concurrency: number;
}): Promise<LoadResult> {
  const connections = await Promise.all(Array.from({ length: input.concurrency }, () => Connection.open(input.port)));
  const latenciesMs = new Float64Array(input.requests.length);
  let next = 0;
  let errors = 0;
  let firstError: string | null = null;
  const started = process.hrtime.bigint();
  await Promise.all(
    connections.map(async (connection) => {
      for (let at = next++; at < input.requests.length; at = next++) {
        const sent = process.hrtime.bigint();
        const answer = await connection.send(input.requests[at] ?? Buffer.alloc(0));
        latenciesMs[at] = Number(process.hrtime.bigint() - sent) / 1e6;
        if (answer.status === 200) continue;
        errors += 1;
        firstError ??= `${answer.status} ${answer.body.slice(0, 200)}`;
      }
    }),
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  for (const connection of connections) connection.close();
  latenciesMs.sort();
  return {
    perSecond: input.requests.length / seconds,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    errors,
    firstError,
  };
}

function percentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return;
    const answer = { status: Number(this.#received.slice(9, 12)), body: this.#received.slice(headEnd + 4, end) };
    this.#received = this.#received.slice(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/**
 * Signed Stripe events over HTTP: acknowledged and applied per second, beside a floor and a peer.
 *
 * Four servers, each a process of its own with a database of its own on one PostgreSQL, take the same events of about
 * 4 KB in a closed loop, interleaved three times: `floor` (Node, HMAC, one insert per event), `peer`
 * (@supabase/stripe-sync-engine behind Fastify, which applies an event before it answers), `growthos` (web role: the
 * answer comes after the ledger's commit) and `applied` (`growthos` with its workers in the same process: all events on
 * contacts and bus, from the first byte sent to the last event applied). All have been warmed alike before.
 */
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { signStripePayload } from '@growthos/engine/ingest/index.ts';
import { type BenchDatabase, createBenchDatabase, onServer } from './tools/bench-database.ts';
import { installPeers } from './tools/install-peers.ts';
import { driveLoad, type LoadResult, postRequest } from './tools/load-client.ts';
import { startServerProcess, type ServerProcess } from './tools/server-process.ts';
import { CUSTOMERS, customerId, eventBody, subscriptionId } from './tools/stripe-payloads.ts';

const SYSTEMS = ['floor', 'peer', 'growthos'] as const;
type System = (typeof SYSTEMS)[number];
/** `applied` is `growthos` as it is started by default; it is measured at the highest concurrency alone. */
type Server = System | 'applied';

/** With 5,000 the compilers were still at work: rates rose by a third over the next two passes. */
const WARM_UP = 15_000;

interface Options {
  readonly events: number;
  readonly passes: number;
  readonly concurrencies: readonly number[];
  readonly isJson: boolean;
}

interface Cell extends LoadResult {
  readonly system: System;
  readonly concurrency: number;
  readonly pass: number;
}

interface AppliedCell {
  readonly pass: number;
  readonly appliedPerSecond: number;
  readonly ackedPerSecond: number;
}

interface Setup {
  readonly databases: Record<Server, BenchDatabase>;
  readonly servers: Record<Server, ServerProcess>;
  /** Numbers the events, so that no server ever sees one twice. */
  takeEvents(count: number): number;
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  installPeers();
  const cleanUp: (() => Promise<void>)[] = [];
  try {
    const setup = await start(cleanUp);
    const { cells, applied } = await runPasses(setup, options);
    const report = await summarize(setup, { options, cells, applied });
    console.log(options.isJson ? JSON.stringify(report, null, 2) : describe(report));
    return cells.some((cell) => cell.errors > 0) ? 1 : 0;
  } finally {
    for (const step of cleanUp.reverse()) await step();
  }
}

async function runPasses(setup: Setup, options: Options): Promise<{ cells: Cell[]; applied: AppliedCell[] }> {
  const cells: Cell[] = [];
  const applied: AppliedCell[] = [];
  for (const system of SYSTEMS) await measure(setup, { system, concurrency: 16, count: WARM_UP });
  // As many as the others have had when they are measured at the highest concurrency.
  await measureApplied(setup, { concurrency: 16, count: WARM_UP + options.events });
  for (let pass = 1; pass <= options.passes; pass++) {
    for (const concurrency of options.concurrencies) {
      for (const system of SYSTEMS) {
        const result = await measure(setup, { system, concurrency, count: options.events });
        cells.push({ system, concurrency, pass, ...result });
        if (!options.isJson) console.error(lineOf({ system, concurrency, pass, ...result }));
      }
    }
    const concurrency = options.concurrencies.at(-1) ?? 64;
    const result = { pass, ...(await measureApplied(setup, { concurrency, count: options.events })) };
    applied.push(result);
    if (!options.isJson) {
      const perSecond = (rate: number): string => `${Math.round(rate)}/s`;
      console.error(
        `pass ${pass}  applied   c=${concurrency} ${perSecond(result.appliedPerSecond).padStart(10)} (${perSecond(result.ackedPerSecond)} acknowledged)`,
      );
    }
  }
  return { cells, applied };
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      events: { type: 'string', default: '5000' },
      passes: { type: 'string', default: '3' },
      concurrency: { type: 'string', default: '16,64' },
    },
  });
  return {
    events: Number(values.events),
    passes: Number(values.passes),
    concurrencies: values.concurrency.split(',').map(Number),
    isJson: values.json,
  };
}

async function start(cleanUp: (() => Promise<void>)[]): Promise<Setup> {
  await onServer('select 1');
  const database = async (system: Server): Promise<BenchDatabase> => {
    const made = await createBenchDatabase(system);
    cleanUp.push(() => made.drop());
    return made;
  };
  const server = async (file: string, env: Readonly<Record<string, string>>): Promise<ServerProcess> => {
    const started = await startServerProcess({ file, env });
    cleanUp.push(() => started.stop());
    return started;
  };
  const databases = {
    floor: await database('floor'),
    peer: await database('peer'),
    growthos: await database('growthos'),
    applied: await database('applied'),
  };
  const engineEnv = {
    SECRET_KEY: randomBytes(32).toString('base64'),
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
  const parents = JSON.stringify({
    customers: Array.from({ length: CUSTOMERS }, (_, n) => customerId(n)),
    subscriptions: Array.from({ length: CUSTOMERS }, (_, n) => subscriptionId(n)),
  });
  const servers = {
    floor: await server('tools/floor-server.ts', { DATABASE_URL: databases.floor.url }),
    peer: await server('peers/stripe-sync-engine.cjs', { DATABASE_URL: databases.peer.url, PARENTS: parents }),
    growthos: await server('tools/engine-server.ts', {
      ...engineEnv,
      DATABASE_URL: databases.growthos.url,
      ROLE: 'web',
    }),
    applied: await server('tools/engine-server.ts', { ...engineEnv, DATABASE_URL: databases.applied.url }),
  };
  let next = 0;
  return {
    databases,
    servers,
    takeEvents(count) {
      next += count;
      return next - count;
    },
  };
}

function requests(server: ServerProcess, input: { from: number; count: number }): Buffer[] {
  const now = new Date();
  return Array.from({ length: input.count }, (_, n) => {
    const body = eventBody(input.from + n);
    const signature = signStripePayload({ payload: body, secret: server.ready.secret, now });
    return postRequest({ path: server.ready.path, body, headers: { 'stripe-signature': signature } });
  });
}

async function measure(
  setup: Setup,
  input: { system: Server; concurrency: number; count: number },
): Promise<LoadResult> {
  const server = setup.servers[input.system];
  const batch = requests(server, { from: setup.takeEvents(input.count), count: input.count });
  await onServer('checkpoint').catch(() => undefined);
  return driveLoad({ port: server.ready.port, requests: batch, concurrency: input.concurrency });
}

async function measureApplied(
  setup: Setup,
  input: { concurrency: number; count: number },
): Promise<Omit<AppliedCell, 'pass'>> {
  const acked = await measure(setup, { system: 'applied', ...input });
  const ackedAtMs = performance.now();
  await untilApplied(setup.databases.applied);
  const seconds = input.count / acked.perSecond + (performance.now() - ackedAtMs) / 1000;
  await untilCalm(setup.databases.applied);
  return { appliedPerSecond: input.count / seconds, ackedPerSecond: acked.perSecond };
}

/** Until everybody has heard of what was applied: whoever is measured next has the machine alone. */
async function untilCalm(db: BenchDatabase): Promise<void> {
  const behind = 'select 1 from bus_consumer where position < (select max(position) from bus_event) limit 1';
  while ((await db.query(behind)).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function untilApplied(db: BenchDatabase): Promise<void> {
  for (;;) {
    const dead = await db.query<{ error: string }>('select error from inbox_dead limit 1');
    if (dead[0] !== undefined) throw new Error(`an event could not be applied: ${dead[0].error}`);
    // From the end, where those that wait stand: looking costs the measured server's processors little so.
    const pending = await db.query('select 1 from inbox_pending order by seq desc limit 1');
    if (pending.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Summary {
  readonly system: System;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly firstError: string | null;
}

interface Report {
  readonly measuredOn: string;
  readonly eventBytes: number;
  readonly options: Options;
  readonly versions: Record<System, string>;
  readonly medians: readonly Summary[];
  readonly ratios: readonly {
    readonly concurrency: number;
    readonly ackedToPeer: number;
    readonly ackedToFloor: number;
    readonly p99ToPeer: number;
  }[];
  readonly applied: { readonly perSecond: number; readonly ackedPerSecond: number; readonly toPeer: number };
  readonly cells: readonly Cell[];
  readonly appliedCells: readonly AppliedCell[];
}

async function summarize(
  setup: Setup,
  input: { options: Options; cells: readonly Cell[]; applied: readonly AppliedCell[] },
): Promise<Report> {
  const { options, cells } = input;
  const summaryOf = (system: System, concurrency: number): Summary => {
    const mine = cells.filter((cell) => cell.system === system && cell.concurrency === concurrency);
    return {
      system,
      concurrency,
      perSecond: median(mine.map((cell) => cell.perSecond)),
      p50Ms: median(mine.map((cell) => cell.p50Ms)),
      p99Ms: median(mine.map((cell) => cell.p99Ms)),
      errors: mine.reduce((sum, cell) => sum + cell.errors, 0),
      firstError: mine.find((cell) => cell.firstError !== null)?.firstError ?? null,
    };
  };
  const applied = median(input.applied.map((cell) => cell.appliedPerSecond));
  const [server] = await setup.databases.floor.query<{ v: string }>(`select current_setting('server_version') as v`);
  const last = options.concurrencies.at(-1) ?? 64;
  return {
    measuredOn: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, PostgreSQL ${server?.v ?? '?'}, client and servers on one machine`,
    eventBytes: Math.round((Buffer.byteLength(eventBody(0)) + Buffer.byteLength(eventBody(1))) / 2),
    options,
    versions: {
      floor: setup.servers.floor.ready.version,
      peer: `@supabase/stripe-sync-engine ${setup.servers.peer.ready.version}`,
      growthos: setup.servers.growthos.ready.version,
    },
    medians: options.concurrencies.flatMap((concurrency) => SYSTEMS.map((system) => summaryOf(system, concurrency))),
    ratios: options.concurrencies.map((concurrency) => {
      const [floor, peer, ours] = SYSTEMS.map((system) => summaryOf(system, concurrency));
      return {
        concurrency,
        ackedToPeer: (ours?.perSecond ?? 0) / (peer?.perSecond ?? 1),
        ackedToFloor: (ours?.perSecond ?? 0) / (floor?.perSecond ?? 1),
        p99ToPeer: (ours?.p99Ms ?? 0) / (peer?.p99Ms ?? 1),
      };
    }),
    applied: {
      perSecond: applied,
      ackedPerSecond: median(input.applied.map((cell) => cell.ackedPerSecond)),
      toPeer: applied / summaryOf('peer', last).perSecond,
    },
    cells,
    appliedCells: input.applied,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function lineOf(row: Omit<Summary, 'p50Ms'> & { p50Ms: number; pass?: number }): string {
  return [
    row.pass === undefined ? '' : `pass ${row.pass} `,
    row.system.padEnd(9),
    `c=${row.concurrency}`.padEnd(6),
    `${Math.round(row.perSecond)}/s`.padStart(9),
    `p50 ${row.p50Ms.toFixed(2)} ms`.padStart(15),
    `p99 ${row.p99Ms.toFixed(2)} ms`.padStart(15),
    row.errors > 0 ? `  ${row.errors} errors, first: ${row.firstError}` : '',
  ].join(' ');
}

function describe(report: Report): string {
  return [
    `Acknowledged events a second, medians of ${report.options.passes} interleaved passes of ${report.options.events} signed events of ${report.eventBytes} bytes.`,
    report.measuredOn,
    `peer: ${report.versions.peer}, applies before it answers; floor: HTTP, HMAC and one insert per event`,
    '',
    ...report.medians.map((row) => lineOf(row)),
    '',
    ...report.ratios.map(
      (ratio) =>
        `c=${ratio.concurrency}: ${ratio.ackedToPeer.toFixed(2)} × the peer, ${ratio.ackedToFloor.toFixed(2)} × the floor; p99 ${ratio.p99ToPeer.toFixed(2)} × the peer's`,
    ),
    `applied (contacts and bus, worker in the same process, c=64): ${Math.round(report.applied.perSecond)}/s, ${report.applied.toPeer.toFixed(2)} × the peer (${Math.round(report.applied.ackedPerSecond)}/s acknowledged meanwhile)`,
  ].join('\n');
}

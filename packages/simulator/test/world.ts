import { createServer, type Server } from 'node:http';
import Stripe from 'stripe';
import { startSimulator } from '#server.ts';
import type { Simulator, SimulatorOptions } from '#simulator.ts';

export const NOW = new Date('2026-11-24T09:00:00Z');

/** The real client, pointed at the simulator. */
export function clientFor(
  sim: Simulator,
  key: string,
  options: { apiVersion?: string; account?: string } = {},
): Stripe {
  return new Stripe(key, {
    host: sim.host,
    port: sim.port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    ...(options.account === undefined ? {} : { stripeAccount: options.account }),
    // An older version than the SDK's own is exactly what some tests are about; its type only knows the newest.
    ...(options.apiVersion === undefined ? {} : { apiVersion: options.apiVersion as '2026-10-28.endive' }),
  });
}

export interface Bench {
  readonly sim: Simulator;
  readonly stripe: Stripe;
  readonly close: () => Promise<void>;
}

export async function startBench(options: Partial<SimulatorOptions> = {}): Promise<Bench> {
  const sim = await startSimulator({ now: NOW, ...options });
  return { sim, stripe: clientFor(sim, sim.keys.companyTest), close: () => sim.close() };
}

export interface Received {
  readonly body: string;
  readonly signature: string;
}

/** A receiver of webhooks that answers as it is told and keeps what came. */
export class Receiver {
  readonly received: Received[] = [];
  answer: () => number = () => 200;
  url = '';
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.received.push({
          body: Buffer.concat(chunks).toString('utf8'),
          signature: request.headers['stripe-signature']?.toString() ?? '',
        });
        response.statusCode = this.answer();
        if (response.statusCode === 302) response.setHeader('location', '/elsewhere');
        response.end();
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`;
    return this;
  }

  types(): string[] {
    return this.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** The error that a promise ends with, or a failure of the test. */
export async function failureOf(work: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await work;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('it should have failed');
}

/** The id, whether the field is expanded or not. */
export function idOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') return value.id;
  throw new Error(`no id in ${JSON.stringify(value)}`);
}

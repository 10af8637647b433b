/**
 * The simulator's door. In: options with the time to start at. Out: an HTTP server that speaks as Stripe does, and a
 * handle with the scenario actions. Nothing here reads the environment; `main.ts` does.
 */
export type * from './simulator.ts';
export type { Faults } from './webhooks/faults.ts';

/** Whether the engine keeps up. GET /health (alive) and GET /ready (can serve; 503 when not); GET /api/health for pages. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** GET /health: the process answers. */
export const Alive = z.object({ status: z.literal('ok') });

/** A queue or consumer and how far it is behind: `lagS` is the age of the oldest that waits, 0 where nothing waits. */
export const LagFigure = z.object({
  name: z.string(),
  label: z.string(),
  waitingCount: z.number().int(),
  lagS: z.number(),
  /** Above this it counts as behind. */
  boundS: z.number(),
});
export type LagFigure = z.infer<typeof LagFigure>;

/** GET /ready. `behind` still serves (200); `unavailable` is answered 503. */
export const Ready = z.object({
  status: z.enum(['ok', 'behind', 'unavailable']),
  database: z.enum(['ok', 'unavailable']),
  lags: z.array(LagFigure),
});
export type Ready = z.infer<typeof Ready>;

/** GET /api/health: the same for the workspace's pages, with the time of the answer. */
export const HealthPage = Ready.extend({ at: Instant, version: z.string() });
export type HealthPage = z.infer<typeof HealthPage>;

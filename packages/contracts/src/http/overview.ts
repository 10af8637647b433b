/** The first page: who needs somebody today, and whether the data is fresh. GET /api/overview?timezone= */
import { z } from 'zod';
import { ContactRef, Instant, MoneyView, Tone } from './money-view.ts';

export const OverviewQuery = z.object({ timezone: z.string().max(60).optional() });

export const ConnectionState = z.enum(['none', 'backfilling', 'connected', 'attention']);

export const Overview = z.object({
  connection: z.object({
    state: ConnectionState,
    /** "Connected to Analytical Engines (test mode)". */
    text: z.string(),
    accountName: z.string().nullable(),
  }),
  /** How fresh the data is. A lag is counted in seconds, from the oldest that waits; 0 where nothing waits. */
  freshness: z.object({
    lastStripeEventAt: Instant.nullable(),
    lastProductEventAt: Instant.nullable(),
    waitingCount: z.number().int(),
    lagS: z.number(),
    deadCount: z.number().int().describe('what could not be applied or handled, and waits for a person'),
  }),
  /** Built-in and own segments that are switched on, the built-in ones first. */
  segments: z.array(
    z.object({
      id: z.string(),
      key: z.string().nullable(),
      name: z.string(),
      says: z.string().nullable(),
      count: z.number().int(),
    }),
  ),
  /** People who need you today, the most urgent first: at most 12. */
  needsYou: z.array(
    z.object({
      contact: ContactRef,
      sentence: z.string(),
      tone: Tone,
      mrr: MoneyView.nullable(),
      at: Instant.describe('of what makes it urgent: the failure, or the end that nears'),
    }),
  ),
  questionCount: z.number().int().describe('open questions of who is who; 100 stands for 100 or more'),
  /** Mails of which nobody knows whether they were taken: a person says whether they go again. */
  uncertainCount: z.number().int(),
  contactTotal: z.object({ count: z.number().int(), isExact: z.boolean() }),
  /** What a new workspace still lacks; all done: don't show it. */
  setup: z.array(
    z.object({
      key: z.enum(['connect_stripe', 'install_snippet', 'switch_on_sequence', 'set_sender', 'switch_on_sending']),
      label: z.string(),
      isDone: z.boolean(),
    }),
  ),
});
export type Overview = z.infer<typeof Overview>;

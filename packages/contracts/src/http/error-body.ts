import { z } from 'zod';

/** Body of every answer with a status of 400 and above. `message` may be shown to a person as it stands. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string().describe('invalid_input, unauthenticated, forbidden, not_found, conflict, rate_limited, ...'),
    message: z.string(),
    field: z.string().optional().describe('the input that is wrong, as a path: `email`, `steps.2.subject`'),
    requestId: z.string().optional().describe('name it when you report a problem: the log has it too'),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

/** Answer of actions that have nothing to tell. */
export const Done = z.object({ ok: z.literal(true) });

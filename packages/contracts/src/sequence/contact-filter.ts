import { z } from 'zod';

/** The filter tree over a contact that segments use too. */
export const ContactFilter = z.record(z.string(), z.unknown());
export type ContactFilter = z.infer<typeof ContactFilter>;

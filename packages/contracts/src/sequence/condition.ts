import { z } from 'zod';
import { ContactFilter } from './contact-filter.ts';

/** A field of an event's payload: a name, or names joined by dots (`plan.tier`). */
export const PayloadField = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/, 'A payload field is a name such as plan.tier.')
  .max(200);

const plainValue = z.union([z.string().max(500), z.number(), z.boolean()]);

/** One test on an event's payload. A missing field equals nothing: only `is_not`, `not_in` and `is_missing` hold for it. */
export const PayloadTest = z.discriminatedUnion('op', [
  z.strictObject({ field: PayloadField, op: z.enum(['is', 'is_not']), value: plainValue }),
  z.strictObject({ field: PayloadField, op: z.enum(['in', 'not_in']), value: z.array(plainValue).min(1).max(200) }),
  z.strictObject({ field: PayloadField, op: z.enum(['gt', 'gte', 'lt', 'lte']), value: z.number() }),
  z.strictObject({ field: PayloadField, op: z.enum(['is_present', 'is_missing']) }),
]);
export type PayloadTest = z.infer<typeof PayloadTest>;

/** About the event that started the run (`payload`), or about the contact as they are at that moment (`contact`). */
export const Condition = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('payload'), all: z.array(PayloadTest).min(1).max(20) }),
  z.strictObject({ kind: z.literal('contact'), filter: ContactFilter }),
]);
export type Condition = z.infer<typeof Condition>;

import { z } from 'zod';

/** Text with Liquid in it: `{{ contact.name | first_name }}`. A value that is missing blocks the message unless it has a `default`. */
const liquid = (max: number): z.ZodString => z.string().min(1).max(max);

/** Parts of a designed e-mail; both the HTML and the text part are made from them. */
export const EmailBlock = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('heading'), text: liquid(300) }),
  z.strictObject({ kind: z.literal('text'), text: liquid(5000) }),
  z.strictObject({ kind: z.literal('button'), label: liquid(100), url: liquid(2000) }),
  z.strictObject({ kind: z.literal('code'), label: liquid(200), code: liquid(200) }),
  z.strictObject({ kind: z.literal('divider') }),
]);
export type EmailBlock = z.infer<typeof EmailBlock>;

/** `plain` looks as if a person had typed it: text only, from a person, no footer beyond what the law asks for. */
export const EmailContent = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('designed'),
    subject: liquid(300),
    preheader: z.string().max(300).optional(),
    blocks: z.array(EmailBlock).min(1).max(60),
  }),
  z.strictObject({ format: z.literal('plain'), subject: liquid(300), text: liquid(10_000) }),
]);
export type EmailContent = z.infer<typeof EmailContent>;

export const IN_APP_STYLES = ['banner', 'card', 'dialog', 'confetti'] as const;

export const InAppContent = z.strictObject({
  style: z.enum(IN_APP_STYLES),
  title: liquid(200),
  body: z.string().max(1000).default(''),
  cta: z.strictObject({ label: liquid(60), url: liquid(2000) }).optional(),
  canSnooze: z.boolean().default(false),
});
export type InAppContent = z.infer<typeof InAppContent>;

/** What the browser is given of a nudge: Liquid filled in, links proven to be http(s). Stored in `message.payload`. */
export const InAppPayload = z.object({
  style: z.enum(IN_APP_STYLES),
  title: z.string(),
  body: z.string(),
  cta: z.object({ label: z.string(), url: z.string() }).nullable(),
  canSnooze: z.boolean(),
});
export type InAppPayload = z.infer<typeof InAppPayload>;

/** A personal discount: the first tier whose bound the contact's engagement score reaches. The codes exist in Stripe. */
export const PromotionChoice = z.strictObject({
  tiers: z
    .array(z.strictObject({ engagementScoreMin: z.number().int().min(0).max(100), code: z.string().min(1).max(100) }))
    .min(1)
    .max(10),
  /** When the code cannot be used (expired, used up, wrong plan): send the message without it, or not at all. */
  ifInvalid: z.enum(['send_without', 'skip']).default('send_without'),
  /** Codes that one contact may get from all sequences together in 365 days. */
  perContactMax: z.number().int().min(1).max(20).default(1),
});
export type PromotionChoice = z.infer<typeof PromotionChoice>;

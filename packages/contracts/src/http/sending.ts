/** How a workspace sends: its rules, its team's destinations, its outbound webhooks, who is never written to. Below /api/sequences. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** GET and PUT /api/sequences/sending-rules */
export const SendingRules = z.object({
  /** Empty: the workspace's name. */
  fromName: z.string().trim().max(120).default(''),
  fromEmail: z.email().nullable().default(null).describe('null: the address of the server (MAIL_FROM)'),
  replyTo: z.email().nullable().default(null),
  /** Shown under every marketing e-mail, as the law of many countries asks. */
  postalAddress: z.string().trim().max(500).default(''),
  /** Where internal notifications go; empty: to the founder. */
  teamEmail: z.email().nullable().default(null),
  /**
   * No message leaves: sequences run, and show what they would have sent. Until somebody has said, it is true where a mail
   * server is set, so that a first sequence writes to nobody by accident; captured mail needs no rehearsal.
   */
  isDryRun: z.boolean().default(false),
  founderName: z.string().trim().max(120).nullable().default(null),
  founderEmail: z.email().nullable().default(null),
  /** A Payment Link or pricing page: a promotion code is added to it. */
  checkoutUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** At most so many capped e-mails to one contact in so many hours. */
  capCount: z.number().int().min(1).max(100).default(3),
  capWindowHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 31)
    .default(24 * 7),
});
export type SendingRules = z.infer<typeof SendingRules>;
/** PUT: rehearsal stays as it is where it is left out. */
export const SendingRulesBody = SendingRules.extend({ isDryRun: z.boolean().optional() });

/** GET /api/sequences/team-destinations -> { rows }; POST adds one; DELETE /:id takes it away. */
export const TeamDestination = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['email', 'slack']),
  /** The address, or the host of the webhook; never its secret path. */
  shown: z.string(),
});
export const TeamDestinationBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('email'), name: z.string().min(1).max(100), address: z.email() }),
  z.object({ kind: z.literal('slack'), name: z.string().min(1).max(100), url: z.url({ protocol: /^https$/ }) }),
]);

/** GET /api/sequences/webhook-endpoints -> { rows }; POST answers the signing secret once; DELETE /:id. */
export const WebhookEndpoint = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  eventTypes: z.array(z.string()),
  status: z.enum(['active', 'disabled']),
  disabledReason: z.string().nullable(),
});
export const WebhookEndpointBody = z.object({
  name: z.string().min(1).max(100),
  url: z.url({ protocol: /^https?$/ }),
  eventTypes: z.array(z.string().min(1).max(200)).max(50).default([]),
});
export const WebhookEndpointMade = WebhookEndpoint.extend({
  secret: z.string().describe('whsec_..., shown only once'),
});

/** GET /api/sequences/suppressions -> { rows }; DELETE /api/sequences/suppressions/:address lifts it. */
export const SuppressionRow = z.object({
  address: z.string(),
  reason: z.string(),
  detail: z.string().nullable(),
  at: Instant,
});

/** A workspace's settings. GET /api/settings; each part is saved by its own PUT, which needs the role admin or owner. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** One billing rule, ready to be drawn: a title, a sentence, its kind of input. Made from the engine's own schema. */
export const SettingField = z.object({
  /** Path in the object that PUT /api/settings/billing takes, such as `discounts.repeating`. */
  path: z.string(),
  title: z.string(),
  says: z.string(),
  kind: z.enum(['choice', 'switch', 'number', 'text', 'date', 'map', 'order']),
  /** For `choice` and `order`. */
  options: z.array(z.object({ value: z.string(), label: z.string() })),
  value: z.unknown(),
  default: z.unknown(),
  isChanged: z.boolean().describe('differs from the default'),
});
export type SettingField = z.infer<typeof SettingField>;

/** PUT /api/settings/workspace -> Settings. */
export const WorkspaceSettings = z.object({
  name: z.string().trim().min(1).max(120),
  timezone: z.string().min(1).max(60).describe('IANA name: quiet hours and days are counted in it'),
});
export type WorkspaceSettings = z.infer<typeof WorkspaceSettings>;

/** PUT /api/settings/identity -> Settings. Which key of a Stripe customer's metadata holds your own user id. */
export const IdentitySettings = z.object({
  metadataKey: z
    .string()
    .trim()
    .regex(/^[\w.-]{1,40}$/, 'A metadata key has up to 40 letters, digits, dots, dashes or underscores')
    .default('user_id'),
});
export type IdentitySettings = z.infer<typeof IdentitySettings>;

/** One line of the channel map. Empty conditions match anything; the first line that matches wins. */
export const ChannelRule = z.object({
  channel: z.string().trim().min(1).max(60),
  medium: z.array(z.string().trim().min(1).max(100)).max(50).default([]).describe('utm_medium is one of these'),
  source: z.array(z.string().trim().min(1).max(100)).max(50).default([]).describe('utm_source is one of these'),
  referrer: z
    .array(z.string().trim().min(1).max(200))
    .max(100)
    .default([])
    .describe('the referrer is one of these domains, or below one'),
});
export type ChannelRule = z.infer<typeof ChannelRule>;

/** PUT /api/settings/channels -> Settings. Empty list: the built-in map. */
export const ChannelSettings = z.object({ rules: z.array(ChannelRule).max(100).default([]) });
export type ChannelSettings = z.infer<typeof ChannelSettings>;

/** PUT /api/settings/sending -> Settings. */
export const SendingSettings = z.object({
  fromName: z.string().trim().max(120).default(''),
  fromEmail: z.email().nullable().default(null).describe('null: the address of the server (MAIL_FROM)'),
  replyTo: z.email().nullable().default(null),
  /** Shown under every marketing e-mail, as the law of many countries asks. */
  postalAddress: z.string().trim().max(500).default(''),
  /** Where internal notifications go: the founder. */
  teamEmail: z.email().nullable().default(null),
  /** A Slack-compatible incoming webhook for internal notifications. */
  teamWebhookUrl: z
    .url({ protocol: /^https$/ })
    .nullable()
    .default(null),
  /** No message leaves: sequences run, and show what they would have sent. */
  isDryRun: z.boolean().default(false),
});
export type SendingSettings = z.infer<typeof SendingSettings>;

/** PUT /api/settings/tiers -> Settings: the tier of each product and price; '' takes it away. */
export const TierSettings = z.object({
  products: z.record(z.string(), z.string().trim().max(60)),
  prices: z.record(z.string(), z.string().trim().max(60)),
});
export type TierSettings = z.infer<typeof TierSettings>;

/** PUT /api/settings/billing takes the whole object of billing rules (without tiers): { reportCurrency: 'usd', ... } */
export const BillingSettingsBody = z.record(z.string(), z.unknown());

export const CatalogueItem = z.object({
  productId: z.string(),
  name: z.string(),
  tier: z.string().nullable(),
  prices: z.array(
    z.object({
      priceId: z.string(),
      label: z.string().describe('"$99.00 a month"'),
      tier: z.string().nullable().describe("only where it differs from the product's"),
      isActive: z.boolean(),
    }),
  ),
});

export const Settings = z.object({
  workspace: WorkspaceSettings.extend({ id: z.string(), mode: z.enum(['live', 'test']), createdAt: Instant }),
  billing: z.array(SettingField),
  /** Your products and prices at Stripe, to give tiers to. */
  catalogue: z.array(CatalogueItem),
  identity: IdentitySettings,
  channels: ChannelSettings,
  sending: SendingSettings,
  /** Whether the viewer may change anything here. */
  canEdit: z.boolean(),
});
export type Settings = z.infer<typeof Settings>;

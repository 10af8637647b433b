/** A workspace's settings. GET /api/settings; each part is saved by its own PUT, which needs the role admin or owner. */
import { z } from 'zod';
import { Instant } from './money-view.ts';

/** One rule, ready to be drawn: a title, a sentence, its kind of input. Made from the engine's own schema. */
export const SettingField = z.object({
  /** Path in the object that PUT /api/settings/rules/:group takes, such as `discounts.repeating`. */
  path: z.string(),
  title: z.string(),
  says: z.string(),
  kind: z.enum(['choice', 'switch', 'number', 'text', 'date', 'map', 'order', 'list']),
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

/** PUT /api/settings/tiers -> Settings: the tier of each product and price; '' takes it away. */
export const TierSettings = z.object({
  products: z.record(z.string(), z.string().trim().max(60)),
  prices: z.record(z.string(), z.string().trim().max(60)),
});
export type TierSettings = z.infer<typeof TierSettings>;

/**
 * The groups of rules. PUT /api/settings/rules/:group takes the group's whole object ({ reportCurrency: 'usd', ... }, keys
 * as in `path`) -> Settings; what is left out gets its default. Tiers and rules are apart: saving one keeps the other.
 * Sending has its own: GET and PUT /api/sequences/sending-rules.
 */
export const RULE_GROUPS = ['billing', 'identity', 'engagement', 'channels'] as const;
export const RuleGroupName = z.enum(RULE_GROUPS);
export type RuleGroupName = z.infer<typeof RuleGroupName>;
export const RulesBody = z.record(z.string(), z.unknown());

export const RuleGroup = z.object({
  group: RuleGroupName,
  title: z.string(),
  says: z.string(),
  fields: z.array(SettingField),
});
export type RuleGroup = z.infer<typeof RuleGroup>;

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
  /** Only the groups that this server has. */
  rules: z.array(RuleGroup),
  /** Your products and prices at Stripe, to give tiers to. */
  catalogue: z.array(CatalogueItem),
  /** Whether the viewer may change anything here. */
  canEdit: z.boolean(),
});
export type Settings = z.infer<typeof Settings>;

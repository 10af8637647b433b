/** The groups of the settings page, each by the schema of the stage that reads it. */
import {
  BillingSettingsSchema,
  ChannelSettingsSchema,
  EngagementSettingsSchema,
  IdentitySettingsSchema,
} from '#project/index.ts';
import type { RuleGroupSchema } from '#view/index.ts';

export const RULE_GROUPS: readonly RuleGroupSchema[] = [
  {
    group: 'billing',
    title: 'How billing is counted',
    says: 'What MRR, status and lifetime value mean here. The defaults are those of Stripe.',
    schema: BillingSettingsSchema,
    skip: ['tiers'],
  },
  {
    group: 'identity',
    title: 'Who is who',
    says: 'Where a Stripe customer says which of your users it is.',
    schema: IdentitySettingsSchema,
  },
  {
    group: 'engagement',
    title: 'Engagement score',
    says: 'How much each kind of activity counts, and how fast it fades.',
    schema: EngagementSettingsSchema,
  },
  {
    group: 'channels',
    title: 'Acquisition channels',
    says: 'How first visits are named. Your rules come before ours.',
    schema: ChannelSettingsSchema,
  },
];

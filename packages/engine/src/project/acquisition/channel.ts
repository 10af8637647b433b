/** The acquisition channel of a first touch: the first rule that fits, of the tenant's map and then of ours. Pure. */
import { z } from 'zod';
import { domainOf, type Touch } from './touch.ts';

/** Stored in `workspace.settings.channels`; each given part must be equal (case-folded), `referrer` the end of the domain. */
export const ChannelRuleSchema = z.object({
  channel: z.string().trim().min(1).max(60),
  source: z.string().trim().toLowerCase().optional(),
  medium: z.string().trim().toLowerCase().optional(),
  campaign: z.string().trim().toLowerCase().optional(),
  referrer: z.string().trim().toLowerCase().optional(),
});
export const ChannelSettingsSchema = z.object({ rules: z.array(ChannelRuleSchema).max(200).default([]) });
export type ChannelRule = z.infer<typeof ChannelRuleSchema>;

/** Media and referrers by their common names. Source: the default channel grouping that analytics tools share. */
const PAID = new Set([
  'cpc',
  'ppc',
  'paid',
  'paidsearch',
  'paid_search',
  'cpm',
  'display',
  'banner',
  'paid_social',
  'paidsocial',
]);
const SEARCH = ['google.', 'bing.', 'duckduckgo.', 'yahoo.', 'ecosia.', 'baidu.', 'yandex.', 'kagi.'];
const SOCIAL = [
  'facebook.',
  'twitter.',
  't.co',
  'x.com',
  'linkedin.',
  'lnkd.in',
  'instagram.',
  'reddit.',
  'youtube.',
  'tiktok.',
  'news.ycombinator.',
  'mastodon.',
  'bsky.',
];

/** @returns the channel; `direct` where the visit came from nowhere. Somebody who never visited has no channel at all. */
export function channelOf(touch: Touch, rules: readonly ChannelRule[]): string {
  const source = touch.source?.toLowerCase() ?? null;
  const medium = touch.medium?.toLowerCase() ?? null;
  const campaign = touch.campaign?.toLowerCase() ?? null;
  const referrer = domainOf(touch.referrer);
  const fits = (rule: ChannelRule): boolean =>
    (rule.source === undefined || rule.source === source) &&
    (rule.medium === undefined || rule.medium === medium) &&
    (rule.campaign === undefined || rule.campaign === campaign) &&
    (rule.referrer === undefined || referrer?.endsWith(rule.referrer) === true);
  return rules.find(fits)?.channel ?? defaultChannel({ source, medium, referrer });
}

function defaultChannel(input: { source: string | null; medium: string | null; referrer: string | null }): string {
  const { source, medium, referrer } = input;
  if (medium !== null && PAID.has(medium))
    return medium.includes('social') || isIn(SOCIAL, source) ? 'paid social' : 'paid search';
  if (medium === 'email' || medium === 'e-mail' || source === 'newsletter') return 'email';
  if (medium === 'affiliate' || medium === 'referral' || medium === 'partner') return 'referral';
  if (medium === 'social' || isIn(SOCIAL, source) || isIn(SOCIAL, referrer)) return 'social';
  if (medium === 'organic' || isIn(SEARCH, referrer)) return 'organic search';
  if (referrer !== null) return 'referral';
  return source === null && medium === null ? 'direct' : 'other';
}

function isIn(names: readonly string[], value: string | null): boolean {
  return value !== null && names.some((name) => `${value}.`.includes(name) || value === name.replace(/\.$/, ''));
}

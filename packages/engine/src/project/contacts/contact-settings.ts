import { z } from 'zod';

const metadataKeys = z.array(z.string().trim().min(1).max(40)).max(10);

/** How a workspace's contacts and companies are recognised. Stored in `workspace.settings.identity`. */
export const IdentitySettingsSchema = z.object({
  metadataUserIdKeys: metadataKeys.default(['user_id', 'userId', 'growthos_user_id']).meta({
    title: 'User id in Stripe metadata',
    description: 'Keys of customer metadata that hold the user id of your own app; the first that is present wins.',
  }),
  metadataGroupIdKeys: metadataKeys.default(['group_id', 'groupId', 'company_id', 'growthos_group_id']).meta({
    title: 'Company id in Stripe metadata',
    description: 'Keys of customer metadata that hold the id of a company, the same as in your group calls.',
  }),
  trustsAddressesFromBrowsers: z.boolean().default(false).meta({
    title: 'Believe e-mail addresses that a browser says',
    description:
      'Off: an address from the snippet joins what Stripe knows only if your server says it too, or proves it with emailHash; else you are asked under Who is who. On: anybody who types a customer’s address in your app is taken for that customer.',
  }),
});
export type IdentitySettings = z.infer<typeof IdentitySettingsSchema>;

/** The first of the tenant's keys that the metadata has a value under. */
export function metadataValue(metadata: Readonly<Record<string, string>>, keys: readonly string[]): string | null {
  return keys.map((key) => metadata[key]?.trim() ?? '').find((value) => value !== '') ?? null;
}

/** An e-mail as an identity: trimmed and case-folded; null where it is no address at all. */
export function foldEmail(email: string | null | undefined): string | null {
  const folded = email?.trim().toLowerCase() ?? '';
  return /^[^\s@]+@[^\s@]+$/.test(folded) && folded.length <= 320 ? folded : null;
}

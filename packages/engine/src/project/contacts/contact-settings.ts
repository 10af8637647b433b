import { z } from 'zod';

/** How a workspace's contacts are recognised. Stored in `workspace.settings.identity`. */
export const IdentitySettingsSchema = z.object({
  /** Keys of Stripe metadata that hold the user id of the tenant's own app, the first that is present wins. */
  metadataUserIdKeys: z.array(z.string().min(1).max(40)).max(10).default(['user_id', 'userId', 'growthos_user_id']),
});
export type IdentitySettings = z.infer<typeof IdentitySettingsSchema>;

/** An e-mail as an identity: trimmed and case-folded; null where it is no address at all. */
export function foldEmail(email: string | null | undefined): string | null {
  const folded = email?.trim().toLowerCase() ?? '';
  return /^[^\s@]+@[^\s@]+$/.test(folded) && folded.length <= 320 ? folded : null;
}

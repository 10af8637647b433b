/** Who may do what: people, keys, and the record of what was done. */
import { z } from 'zod';
import { Instant } from './money-view.ts';
import { pageOf } from './paging.ts';
import { Role } from './session.ts';

/** GET /api/members. PATCH /api/members/:personId {role}; DELETE /api/members/:personId. The last owner stays. */
export const Members = z.object({
  members: z.array(
    z.object({
      personId: z.string(),
      name: z.string(),
      email: z.string(),
      role: Role,
      since: Instant,
      isYou: z.boolean(),
    }),
  ),
  invites: z.array(z.object({ id: z.string(), email: z.string(), role: Role, invitedAt: Instant, expiresAt: Instant })),
});
export type Members = z.infer<typeof Members>;

export const ChangeRole = z.object({ role: Role });

/** POST /api/members/invites -> InviteMade; DELETE /api/members/invites/:id. */
export const Invite = z.object({ email: z.email().max(254), role: Role });
export type Invite = z.infer<typeof Invite>;

/** `url` is shown once: hand it to the person. Good for seven days and one account. */
export const InviteMade = z.object({ id: z.string(), url: z.string(), expiresAt: Instant });
export type InviteMade = z.infer<typeof InviteMade>;

/** `read` may look; `write` may also change segments, sequences and contacts; `admin` may also change settings. */
export const KeyScope = z.enum(['read', 'write', 'admin']);
export type KeyScope = z.infer<typeof KeyScope>;

/**
 * GET /api/keys. API keys are secret and act for a program on /api; write keys are public, stand in your pages, and can
 * only send product events.
 */
export const Keys = z.object({
  apiKeys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** First letters, to recognise it: "gos_a1b2c3…". */
      hint: z.string(),
      scope: KeyScope,
      createdAt: Instant,
      lastUsedAt: Instant.nullable(),
    }),
  ),
  writeKeys: z.array(z.object({ id: z.string(), name: z.string(), key: z.string(), createdAt: Instant })),
});
export type Keys = z.infer<typeof Keys>;

/** POST /api/keys/api -> ApiKeyMade; DELETE /api/keys/api/:id. */
export const NewApiKey = z.object({ name: z.string().trim().min(1).max(120), scope: KeyScope });
/** `key` is shown once: only its hash is kept. Send it as `Authorization: Bearer gos_...`. */
export const ApiKeyMade = z.object({ id: z.string(), key: z.string() });
export type ApiKeyMade = z.infer<typeof ApiKeyMade>;

/** POST /api/keys/write -> Keys; DELETE /api/keys/write/:id. */
export const NewWriteKey = z.object({ name: z.string().trim().min(1).max(120) });

/** GET /api/audit, newest first. */
export const AuditEntry = z.object({
  id: z.string(),
  at: Instant,
  /** "Ada Lovelace", "API key “reports”" or "GrowthOS". */
  who: z.string(),
  /** In plain words: "Changed the role of grace@… from viewer to editor". */
  text: z.string(),
  action: z.string().describe('for programs: member.role_changed'),
  subject: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
export const AuditLog = pageOf(AuditEntry);
export type AuditLog = z.infer<typeof AuditLog>;

/**
 * Who is who, where a person decides. Questions: GET /api/identity/conflicts, answered by POST
 * /api/identity/conflicts/:id/resolve. Merges: POST /api/contacts/:id/merge, GET /api/contacts/:id/merges, POST
 * /api/identity/merges/:id/undo. Companies: PUT /api/identity/company-customers. POST /api/contacts/:id/erase is for ever.
 */
import { z } from 'zod';
import { ContactRef, Instant } from './money-view.ts';

export const IdentityRef = z.object({
  kind: z.enum(['user_id', 'email', 'anonymous_id', 'stripe_customer']),
  value: z.string().describe('for a Stripe customer acct_.../cus_...'),
});
export type IdentityRef = z.infer<typeof IdentityRef>;

export const IdentityConflictView = z.object({
  id: z.string(),
  identity: IdentityRef,
  reason: z.string(),
  openedAt: Instant,
  belongsTo: ContactRef.describe('who has it until somebody decides'),
  candidates: z.array(z.object({ contact: ContactRef, claimedAs: z.array(IdentityRef) })),
});
export type IdentityConflictView = z.infer<typeof IdentityConflictView>;

/** The newest first, at most 200. */
export const IdentityConflicts = z.object({ conflicts: z.array(IdentityConflictView) });

export const ResolveConflict = z.discriminatedUnion('action', [
  z.object({ action: z.literal('link'), contactId: z.uuid().describe('one of the candidates') }),
  z.object({ action: z.literal('keep_apart') }),
]);

/** The contact in the address goes into this one. */
export const MergeContact = z.object({ into: z.uuid() });
export const MergeDone = z.object({ mergeId: z.string(), contactId: z.string() });

export const MergeView = z.object({
  id: z.string(),
  from: ContactRef,
  mergedAt: Instant,
  by: z.enum(['identify', 'person']).describe('`identify`: by what your app or Stripe said'),
  undoneAt: Instant.nullable(),
  canUndo: z.boolean(),
});
export const ContactMerges = z.object({ merges: z.array(MergeView) });
export const UndoDone = z.object({ contactId: z.string(), restoredContactId: z.string() });

/** Says which company a Stripe customer is; null takes the link away. */
export const CompanyCustomer = z.object({
  stripeCustomer: z.string().regex(/^acct_\w+\/cus_\w+$/, 'is acct_.../cus_...'),
  companyId: z.uuid().nullable(),
});

/** Typing the address (or the id) of the person guards against erasing the wrong one. */
export const EraseContact = z.object({ confirm: z.string().min(1).max(320) });

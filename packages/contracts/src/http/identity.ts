/**
 * Who is who, where a person decides. Questions: GET /api/identity/conflicts, answered by POST
 * /api/identity/conflicts/:id/resolve. Merges: POST /api/contacts/:id/merge, GET /api/contacts/:id/merges, GET
 * /api/identity/merges, POST /api/identity/merges/:id/undo. GET /api/identity/compare?contactIds= puts people side by side. Companies: PUT /api/identity/company-customers. POST /api/contacts/:id/erase is for ever.
 */
import { z } from 'zod';
import { BILLING_STATUSES } from '../contact-properties.ts';
import { ContactRef, Instant, MoneyView } from './money-view.ts';

export const IdentityRef = z.object({
  kind: z.enum(['user_id', 'email', 'anonymous_id', 'stripe_customer']),
  value: z.string().describe('for a Stripe customer acct_.../cus_...'),
});
export type IdentityRef = z.infer<typeof IdentityRef>;

/** What tells one person from another. */
export const CandidateView = ContactRef.extend({
  userId: z.string().nullable(),
  billingStatus: z.enum(BILLING_STATUSES),
  billingStatusLabel: z.string(),
  planName: z.string().nullable(),
  mrr: MoneyView.nullable(),
  lastSeenAt: Instant.nullable(),
  knownSince: Instant,
  knownBy: z.array(z.string()).describe('sentences: by what it is recognised, and who said so'),
});
export type CandidateView = z.infer<typeof CandidateView>;

export const CompareQuery = z.object({ contactIds: z.string().max(400).describe('ids, separated by commas') });
export const Comparison = z.object({ contacts: z.array(CandidateView) });
export type Comparison = z.infer<typeof Comparison>;

export const IdentityConflictView = z.object({
  id: z.string(),
  identity: IdentityRef,
  reason: z.string(),
  openedAt: Instant,
  belongsTo: ContactRef.describe('who has it until somebody decides'),
  candidates: z.array(z.object({ contact: CandidateView, claimedAs: z.array(IdentityRef) })),
});
export type IdentityConflictView = z.infer<typeof IdentityConflictView>;

/** The newest first, at most 200. */
export const IdentityConflicts = z.object({ conflicts: z.array(IdentityConflictView) });
export type IdentityConflicts = z.infer<typeof IdentityConflicts>;

export const ResolveConflict = z.discriminatedUnion('action', [
  z.object({ action: z.literal('link'), contactId: z.uuid().describe('one of the candidates') }),
  z.object({ action: z.literal('keep_apart') }),
  z
    .object({ action: z.literal('merge'), contactId: z.uuid().describe('the candidate that stays') })
    .describe('all candidates are one person'),
]);
export type ResolveConflict = z.infer<typeof ResolveConflict>;

/** The contact in the address goes into this one. */
export const MergeContact = z.object({ into: z.uuid() });
export const MergeDone = z.object({ mergeId: z.string(), contactId: z.string() });

export const MergeView = z.object({
  id: z.string(),
  from: ContactRef,
  into: ContactRef,
  mergedAt: Instant,
  by: z.enum(['identify', 'person']).describe('`identify`: by what your app or Stripe said'),
  byName: z.string().nullable().describe('of the person who did it; null where evidence or an API key did'),
  undoneAt: Instant.nullable(),
  undoneByName: z.string().nullable(),
  canUndo: z.boolean(),
});
export type MergeView = z.infer<typeof MergeView>;
/** The newest first, at most 100. */
export const ContactMerges = z.object({ merges: z.array(MergeView) });
export type ContactMerges = z.infer<typeof ContactMerges>;
export const UndoDone = z.object({ contactId: z.string(), restoredContactId: z.string() });

/** Says which company a Stripe customer is; null takes the link away. */
export const CompanyCustomer = z.object({
  stripeCustomer: z.string().regex(/^acct_\w+\/cus_\w+$/, 'is acct_.../cus_...'),
  companyId: z.uuid().nullable(),
});

/** Typing the address (or the id) of the person guards against erasing the wrong one. */
export const EraseContact = z.object({ confirm: z.string().min(1).max(320) });

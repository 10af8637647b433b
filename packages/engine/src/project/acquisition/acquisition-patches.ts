/**
 * What Stripe's facts say of where somebody came from. In: contacts with the patches of one occasion. Out: further patches,
 * to be taken after those. Two things: the last touch before the first payment, where that payment became known or moved;
 * and the first touch, where no visit is known, from the `utm_*` that a seller wrote into Stripe's metadata, marked so.
 * Computed from the whole of what is stored, so the order of arrival makes no difference.
 */
import type { Tx } from '#db/db.ts';
import { groupBy } from '#base/group-by.ts';
import { type LoadedFacts, factsOf } from '../contact-billing/load-facts.ts';
import type { ContactRecord } from '../contacts/contact-record.ts';
import type { ContactPatch } from '../contacts/patch-contacts.ts';
import { identitiesOfContacts } from '../identity/identity-store.ts';
import { foldSaid } from '../identity/said.ts';
import { loadChannelRules } from './channel-rules.ts';
import { NO_TOUCH, touchColumns } from './columns.ts';
import { metadataTouch } from './metadata-touch.ts';
import type { Touch } from './touch.ts';
import { lastVisitBefore } from './visits.ts';

export async function acquisitionPatches(
  tx: Tx,
  input: {
    workspaceId: string;
    records: ReadonlyMap<string, ContactRecord>;
    facts: LoadedFacts;
    patches: readonly ContactPatch[];
  },
): Promise<ContactPatch[]> {
  const byContact = groupBy(input.patches, (patch) => patch.contactId);
  const paid: { base: ContactPatch; firstPaidAt: Date | null }[] = [];
  const fallbacks: { base: ContactPatch; touch: Touch | null }[] = [];
  for (const [contactId, patches] of byContact) {
    const record = input.records.get(contactId);
    const base = patches.at(-1);
    if (!record || !base) continue;
    const after = Object.assign({}, ...patches.map((patch) => patch.set)) as ContactPatch['set'];
    const firstPaidAt = after.first_paid_at === undefined ? record.first_paid_at : after.first_paid_at;
    if (firstPaidAt?.getTime() !== record.first_paid_at?.getTime()) paid.push({ base, firstPaidAt });
    const known = after.first_touch === undefined ? record.first_touch : after.first_touch;
    if (known !== null && known['origin'] !== 'stripe_metadata') continue;
    const objects = input.facts.contacts.get(contactId)?.objects ?? [];
    const customers = factsOf(objects, 'customer');
    const touch = metadataTouch({ customers, subscriptions: factsOf(objects, 'subscription') });
    if (touch !== null || known !== null) fallbacks.push({ base, touch });
  }
  return [...(await lastTouches(tx, paid)), ...(await firstTouches(tx, { ...input, fallbacks }))];
}

async function lastTouches(
  tx: Tx,
  paid: readonly { base: ContactPatch; firstPaidAt: Date | null }[],
): Promise<ContactPatch[]> {
  const contactIds = paid.map(({ base }) => base.contactId);
  const identities = groupBy(await identitiesOfContacts(tx, { contactIds }), (identity) => identity.contactId);
  return paid.map(({ base, firstPaidAt }) => {
    const { visits } = foldSaid((identities.get(base.contactId) ?? []).map((identity) => identity.said));
    return patchOf(base, { last_touch_before_payment: lastVisitBefore(visits, firstPaidAt) });
  });
}

async function firstTouches(
  tx: Tx,
  input: { workspaceId: string; fallbacks: readonly { base: ContactPatch; touch: Touch | null }[] },
): Promise<ContactPatch[]> {
  if (input.fallbacks.length === 0) return [];
  const channels = await loadChannelRules(tx, input.workspaceId);
  return input.fallbacks.map(({ base, touch }) =>
    patchOf(base, touch === null ? NO_TOUCH : touchColumns(touch, channels)),
  );
}

function patchOf(base: ContactPatch, set: ContactPatch['set']): ContactPatch {
  const { contactId, at, cause, eventSource } = base;
  return { contactId, at, cause, eventSource, set, source: null, isNew: false };
}

import type { NewBusEvent } from '#bus/index.ts';
import type { AccountScope, ObjectChange } from '../objects/store.ts';

/**
 * What the payloads could not decide is asked for again: a request on the bus, which `ingest` answers (refetch.ts). So is
 * a subscription whose items came cut off: its monthly value is unknown until all of them are here.
 */
export function refetches(input: {
  scope: AccountScope;
  changes: ReadonlyMap<string, ObjectChange>;
  at: Date;
}): NewBusEvent[] {
  return [...input.changes.values()]
    .filter((change) => change.isUncertain || isCutOff(change))
    .map(({ after, isUncertain }) => ({
      workspaceId: input.scope.workspaceId,
      contactId: null,
      type: 'stripe.refetch_wanted',
      source: 'growthos',
      time: input.at,
      data: {
        stripe_account: input.scope.stripeAccount,
        livemode: input.scope.livemode,
        object_type: after.type,
        object_id: after.id,
        reason: isUncertain ? 'same_second' : 'items_cut_off',
      },
      cause: { kind: 'stripe_event', id: after.toldBy, type: null },
    }));
}

function isCutOff({ after, isChanged }: ObjectChange): boolean {
  return isChanged && after.fact.object === 'subscription' && after.fact.isItemsTruncated;
}

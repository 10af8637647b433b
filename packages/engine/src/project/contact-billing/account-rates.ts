/**
 * Exchange rates that an account's settled charges imply, kept up as charges come: of each pair of currencies only the
 * newest charge, so a figure needs a look at a few rows and never at the charges. In: what just changed.
 * The same charges in any order leave the same rates.
 */
import type { Tx } from '#db/db.ts';
import { impliedRates } from '../billing/currency.ts';
import type { AccountScope, ObjectChange } from '../objects/store.ts';

export async function noteRates(
  tx: Tx,
  input: { scope: AccountScope; changes: ReadonlyMap<string, ObjectChange> },
): Promise<void> {
  const { scope } = input;
  const charges = [...input.changes.values()].flatMap(({ isChanged, after }) =>
    isChanged && after.fact.object === 'charge' ? [after.fact] : [],
  );
  const newest = new Map<string, { rate: ReturnType<typeof impliedRates>[number]; chargeId: string }>();
  for (const charge of charges) {
    const [rate] = impliedRates([charge]);
    if (!rate) continue;
    const pair = `${rate.from}/${rate.to}`;
    const known = newest.get(pair);
    const isNewer = !known || rate.atS > known.rate.atS || (rate.atS === known.rate.atS && charge.id > known.chargeId);
    if (isNewer) newest.set(pair, { rate, chargeId: charge.id });
  }
  if (newest.size === 0) return;
  const rates = [...newest.values()];
  await tx.query({
    name: 'account_rate_note',
    text: `insert into account_rate as r (workspace_id, stripe_account, livemode, from_currency, to_currency, from_minor,
             to_minor, at_s, charge_id)
           select $1, $2, $3, n.from_currency, n.to_currency, n.from_minor, n.to_minor, n.at_s, n.charge_id
           from unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
             as n (from_currency, to_currency, from_minor, to_minor, at_s, charge_id)
           on conflict (workspace_id, stripe_account, livemode, from_currency, to_currency) do update set
             from_minor = excluded.from_minor, to_minor = excluded.to_minor, at_s = excluded.at_s,
             charge_id = excluded.charge_id
           where (excluded.at_s, excluded.charge_id) >= (r.at_s, r.charge_id)`,
    values: [
      scope.workspaceId,
      scope.stripeAccount,
      scope.livemode,
      rates.map(({ rate }) => rate.from),
      rates.map(({ rate }) => rate.to),
      rates.map(({ rate }) => rate.fromMinor),
      rates.map(({ rate }) => rate.toMinor),
      rates.map(({ rate }) => rate.atS),
      rates.map(({ chargeId }) => chargeId),
    ],
  });
}

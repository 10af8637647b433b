/**
 * Which acquisition channel brings the customers of highest value. One pass over a covering index, summed per channel and
 * currency; sums of different currencies are never added up. Each row is a segment waiting to be made.
 */
import { FILTER_VERSION, type Filter } from '@growthos/contracts/filter/filter.ts';
import type { ChannelRow, LtvByChannel } from '@growthos/contracts/http/ltv-by-channel.ts';
import { many, type Db } from '#db/db.ts';
import { sentenceCase } from './billing-words.ts';
import { moneyView } from './money-text.ts';

interface CountRow {
  channel: string | null;
  contacts: number;
}
interface SumRow {
  channel: string | null;
  currency: string;
  paying: number;
  ltv_minor: string;
  mrr_minor: string;
}

const PEOPLE = `from contact where workspace_id = $1 and merged_into is null and erased_at is null`;

export async function ltvByChannel(deps: { db: Db }, input: { workspaceId: string }): Promise<LtvByChannel> {
  const counts = await many<CountRow>(deps.db, {
    text: `select acquisition_channel as channel, count(*)::int as contacts ${PEOPLE} group by 1`,
    values: [input.workspaceId],
  });
  const sums = await many<SumRow>(deps.db, {
    text: `select channel, currency, sum(is_paying)::int as paying, sum(ltv)::text as ltv_minor, sum(mrr)::text as mrr_minor
           from (
             select acquisition_channel as channel, ltv_currency as currency, (ltv_minor > 0)::int as is_paying,
               ltv_minor as ltv, 0 as mrr ${PEOPLE} and ltv_minor is not null and ltv_currency is not null
             union all
             select acquisition_channel, mrr_currency, 0, 0, mrr_minor ${PEOPLE} and mrr_minor > 0 and mrr_currency is not null
           ) money group by 1, 2`,
    values: [input.workspaceId],
  });
  const main = mainCurrency(sums);
  const rows = counts.map((count) => toRow(count, { sums: sums.filter((sum) => sum.channel === count.channel) }));
  return {
    rows: rows.sort((left, right) => ltvIn(right, main) - ltvIn(left, main) || right.contactCount - left.contactCount),
    definition:
      'Lifetime value is the cash received less refunds and lost disputes, tax included. A contact counts for the channel ' +
      'of their first visit. Somebody first seen through Stripe has no channel.',
  };
}

/** The currency in which most people pay: the one by which rows are put in order. */
function mainCurrency(sums: readonly SumRow[]): string | null {
  const paying = new Map<string, number>();
  for (const sum of sums) paying.set(sum.currency, (paying.get(sum.currency) ?? 0) + sum.paying);
  return [...paying].sort((left, right) => right[1] - left[1])[0]?.[0] ?? null;
}

function ltvIn(row: ChannelRow, currency: string | null): number {
  return row.ltv.find((money) => money.currency === currency)?.amountMinor ?? 0;
}

function toRow(count: CountRow, input: { sums: readonly SumRow[] }): ChannelRow {
  const { channel } = count;
  const payingCount = input.sums.reduce((total, sum) => total + sum.paying, 0);
  const bySize = [...input.sums].sort((left, right) => Number(right.ltv_minor) - Number(left.ltv_minor));
  return {
    channel,
    label: channel === null ? 'Unknown' : sentenceCase(channel),
    contactCount: count.contacts,
    payingCount,
    payingShare: `${((100 * payingCount) / Math.max(1, count.contacts)).toFixed(1)}%`,
    ltv: bySize.flatMap((sum) => (sum.ltv_minor === '0' ? [] : (moneyView(BigInt(sum.ltv_minor), sum.currency) ?? []))),
    ltvPerPaying: bySize.flatMap((sum) =>
      sum.paying === 0 ? [] : (moneyView(perPerson(BigInt(sum.ltv_minor), sum.paying), sum.currency) ?? []),
    ),
    mrr: bySize.flatMap((sum) => (sum.mrr_minor === '0' ? [] : (moneyView(BigInt(sum.mrr_minor), sum.currency) ?? []))),
    filter: filterOf(channel),
  };
}

function perPerson(sumMinor: bigint, people: number): bigint {
  return (sumMinor + BigInt(people) / 2n) / BigInt(people);
}

/** The row's contacts as a segment's definition. */
function filterOf(channel: string | null): Filter {
  const property = 'acquisition_channel';
  return {
    version: FILTER_VERSION,
    where:
      channel === null
        ? { op: 'presence', property, is: 'not_exists' }
        : { op: 'text', property, is: 'is', values: [channel] },
  };
}

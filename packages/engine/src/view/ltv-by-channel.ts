/**
 * Which acquisition channel brings the customers of highest value. One pass over a covering index, summed per channel and
 * currency; sums of different currencies are never added up. Each row is a segment waiting to be made.
 */
import { FILTER_VERSION, type Filter } from '@growthos/contracts/filter/filter.ts';
import type { MoneyView } from '@growthos/contracts/http/money-view.ts';
import type { ChannelRow, LtvByChannel } from '@growthos/contracts/http/ltv-by-channel.ts';
import { many, type Db } from '#db/db.ts';
import { sentenceCase } from './billing-words.ts';
import { moneyView } from './money-text.ts';

interface Row {
  channel: string | null;
  ltv_currency: string | null;
  mrr_currency: string | null;
  contacts: number;
  paying: number;
  ltv_minor: string | null;
  mrr_minor: string | null;
}
interface MixedRow {
  channel: string | null;
  currency: string;
  paying: number;
  ltv_minor: string;
}

interface Sum {
  ltvMinor: bigint;
  mrrMinor: bigint;
  paying: number;
}
interface Channel {
  contactCount: number;
  /** People, each once, in however many currencies they paid. */
  payingCount: number;
  readonly byCurrency: Map<string, Sum>;
}

const PEOPLE = `from contact where workspace_id = $1 and merged_into is null and erased_at is null`;
const MIXED = `${PEOPLE} and ltv_minor is null and ltv_by_currency <> '{}'::jsonb`;

export async function ltvByChannel(deps: { db: Db }, input: { workspaceId: string }): Promise<LtvByChannel> {
  const values = [input.workspaceId];
  const rows = await many<Row>(deps.db, {
    text: `select acquisition_channel as channel, ltv_currency, mrr_currency, count(*)::int as contacts,
             count(*) filter (where ltv_minor > 0)::int as paying, sum(ltv_minor)::text as ltv_minor,
             sum(mrr_minor)::text as mrr_minor ${PEOPLE} group by 1, 2, 3`,
    values,
  });
  const mixed = await many<MixedRow>(deps.db, {
    text: `select channel, currency, count(*) filter (where amount > 0)::int as paying, sum(amount)::text as ltv_minor
           from (select acquisition_channel as channel, money.key as currency, money.value::bigint as amount
                 from (select acquisition_channel, ltv_by_currency ${MIXED}) people, jsonb_each_text(ltv_by_currency) money) sums
           group by 1, 2`,
    values,
  });
  const mixedPeople = await many<{ channel: string | null; paying: number }>(deps.db, {
    text: `select acquisition_channel as channel, count(*)::int as paying ${MIXED} group by 1`,
    values,
  });
  const channels = foldChannels(rows);
  for (const row of mixed) {
    const sum = sumOf(channelOf(channels, row.channel), row.currency);
    sum.ltvMinor += BigInt(row.ltv_minor);
    sum.paying += row.paying;
  }
  for (const row of mixedPeople) channelOf(channels, row.channel).payingCount += row.paying;
  const main = mainCurrency(channels);
  return {
    rows: [...channels]
      .map(([name, channel]) => toRow(name, channel))
      .sort((left, right) => ltvIn(right, main) - ltvIn(left, main) || right.contactCount - left.contactCount),
    definition:
      'Lifetime value is the cash received less refunds and lost disputes, tax included. A contact counts for the channel ' +
      'of their first visit. Somebody first seen through Stripe has no channel.',
  };
}

function foldChannels(rows: readonly Row[]): Map<string | null, Channel> {
  const channels = new Map<string | null, Channel>();
  for (const row of rows) {
    const channel = channelOf(channels, row.channel);
    channel.contactCount += row.contacts;
    channel.payingCount += row.paying;
    if (row.ltv_currency !== null) {
      const sum = sumOf(channel, row.ltv_currency);
      sum.ltvMinor += BigInt(row.ltv_minor ?? '0');
      sum.paying += row.paying;
    }
    if (row.mrr_currency !== null) sumOf(channel, row.mrr_currency).mrrMinor += BigInt(row.mrr_minor ?? '0');
  }
  return channels;
}

function channelOf(channels: Map<string | null, Channel>, name: string | null): Channel {
  const channel = channels.get(name) ?? { contactCount: 0, payingCount: 0, byCurrency: new Map<string, Sum>() };
  channels.set(name, channel);
  return channel;
}

function sumOf(channel: Channel, currency: string): Sum {
  const sum = channel.byCurrency.get(currency) ?? { ltvMinor: 0n, mrrMinor: 0n, paying: 0 };
  channel.byCurrency.set(currency, sum);
  return sum;
}

/** The currency in which most people pay: the one by which rows are put in order. */
function mainCurrency(channels: ReadonlyMap<string | null, Channel>): string | null {
  const paying = new Map<string, number>();
  for (const channel of channels.values()) {
    for (const [currency, sum] of channel.byCurrency) paying.set(currency, (paying.get(currency) ?? 0) + sum.paying);
  }
  return [...paying].sort((left, right) => right[1] - left[1])[0]?.[0] ?? null;
}

function ltvIn(row: ChannelRow, currency: string | null): number {
  return row.ltv.find((money) => money.currency === currency)?.amountMinor ?? 0;
}

function toRow(name: string | null, channel: Channel): ChannelRow {
  const bySize = [...channel.byCurrency].sort(([, left], [, right]) => Number(right.ltvMinor - left.ltvMinor));
  const money = (amountOf: (sum: Sum) => bigint | null): MoneyView[] =>
    bySize.flatMap(([currency, sum]) => {
      const amount = amountOf(sum);
      return amount === null || amount === 0n ? [] : (moneyView(amount, currency) ?? []);
    });
  return {
    channel: name,
    label: name === null ? 'Unknown' : sentenceCase(name),
    contactCount: channel.contactCount,
    payingCount: channel.payingCount,
    payingShare: `${((100 * channel.payingCount) / Math.max(1, channel.contactCount)).toFixed(1)}%`,
    ltv: money((sum) => sum.ltvMinor),
    ltvPerPaying: money((sum) => (sum.paying === 0 ? null : perPerson(sum.ltvMinor, sum.paying))),
    mrr: money((sum) => sum.mrrMinor),
    filter: filterOf(name),
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

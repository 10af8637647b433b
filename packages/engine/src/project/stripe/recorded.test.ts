/**
 * Real Stripe objects that others recorded (2020-08-27, clover, dahlia and versions between), read into facts.
 * They lie beside the repository and are no part of it; without them this test says so and is skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isRecord } from '#base/is-record.ts';
import { readSubscriptionChange } from '../../../test/world/subscription-change.ts';
import { isStripeObjectType, readers, readStripeObject, type StripeFacts, type StripeObjectType } from './read.ts';

const FOLDER = new URL('../../../../../../shared/fixtures/', import.meta.url);
const isHere = existsSync(FOLDER);
if (!isHere) process.stderr.write(`\nSKIPPED: recorded Stripe objects, because ${FOLDER.pathname} does not exist\n`);

interface Recorded {
  readonly type: StripeObjectType;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly file: string;
}

const recorded: readonly Recorded[] = isHere ? readdirSync(FOLDER).flatMap(objectsOfFile) : [];

function linesOf(file: string): readonly unknown[] {
  const text = readFileSync(new URL(file, FOLDER), 'utf8').trim();
  return text.split('\n').map((line): unknown => JSON.parse(line));
}

function objectsOfFile(file: string): readonly Recorded[] {
  return file.endsWith('.jsonl') ? linesOf(file).flatMap((line) => objectsIn(line, file)) : [];
}

/** The object of a line and every Stripe object inside it. */
function objectsIn(value: unknown, file: string): readonly Recorded[] {
  if (Array.isArray(value)) return value.flatMap((entry) => objectsIn(entry, file));
  if (!isRecord(value)) return [];
  const { object } = value;
  const own = typeof object === 'string' && isStripeObjectType(object) ? [{ type: object, raw: value, file }] : [];
  return [...own, ...Object.values(value).flatMap((entry) => objectsIn(entry, file))];
}

function fact<T extends StripeObjectType>(type: T, where: (raw: Recorded['raw']) => boolean): StripeFacts[T] {
  const found = recorded.find((one) => one.type === type && one.raw['id'] !== undefined && where(one.raw));
  const read = readers[type](found?.raw).fact;
  if (read === null) throw new Error(`no recorded ${type} like that`);
  return read;
}

const byId = (id: string) => (raw: Recorded['raw']) => raw['id'] === id;

describe.skipIf(!isHere)('recorded Stripe objects (skipped when ../shared/fixtures is missing)', () => {
  test('every object with an id is read into a fact without a warning', () => {
    const types = new Set<string>();
    for (const { type, raw, file } of recorded) {
      // A few events were shortened by whoever recorded them, and an upcoming invoice has no id at all.
      if (raw['id'] === undefined) continue;
      const result = readStripeObject(raw);
      expect({ file, id: raw['id'], warnings: result.warnings }).toEqual({ file, id: raw['id'], warnings: [] });
      expect(result.fact?.id).toBe(raw['id']);
      types.add(type);
    }
    expect(recorded.length).toBeGreaterThan(950);
    expect(types.size).toBeGreaterThanOrEqual(14);
  });

  test('facts are plain JSON: storing and loading one changes nothing', () => {
    for (const { raw } of recorded) {
      const { fact: read } = readStripeObject(raw);
      expect(JSON.parse(JSON.stringify(read))).toEqual(read);
    }
  });

  test('only what has no id is refused, and it says so', () => {
    const refused = recorded.filter(({ raw }) => readStripeObject(raw).fact === null);
    expect(refused.map(({ type }) => type).sort()).toEqual(['dispute', 'dispute', 'invoice']);
    for (const { raw } of refused) {
      expect(readStripeObject(raw).warnings).toEqual([{ code: 'id_missing', path: 'id' }]);
    }
  });

  test('discounts from before they had ids are known by who has them and by their coupon', () => {
    const old = recorded.filter(({ type, raw }) => type === 'discount' && raw['id'] === undefined);
    expect(old.length).toBe(3);
    for (const { raw } of old) {
      const { fact: read } = readStripeObject(raw);
      expect(read?.id).toMatch(/^(cus|sub)_.+\/.+$/);
    }
  });

  test('2020-08-27: the period of the subscription is on its items, the currency is that of the price', () => {
    const old = fact('subscription', byId('sub_JGwG3QcNFy8PWy'));
    expect(old.items.map((item) => [item.currentPeriodEndS, item.quantity, item.price?.unitAmountDecimal])).toEqual([
      [1_620_582_273, 1, '2500'],
    ]);
    expect([old.currency, old.status, old.isItemsTruncated]).toEqual(['usd', 'active', false]);
    expect(old.discounts.map((ref) => [ref.id, ref.discount?.coupon?.amountOffMinor])).toEqual([
      ['di_1IeONhKXBGcbgpbZYGeu5hhm', 1000],
    ]);
  });

  test('before 2020: `start`, `billing` and a price with the shape of a plan', () => {
    const oldest = fact('subscription', (raw) => raw['start'] === 1_466_783_124);
    expect([oldest.startDateS, oldest.collectionMethod]).toEqual([1_466_783_124, 'charge_automatically']);
    expect(oldest.items[0]?.price).toMatchObject({ interval: 'month', intervalCount: 1, usageType: 'licensed' });
  });

  test('clover: a scheduled cancellation, and a discount whose coupon is only an id', () => {
    const leaving = fact('subscription', (raw) => raw['cancel_at'] === 1_765_391_185);
    expect(leaving).toMatchObject({ cancelAtS: 1_765_391_185, isCancelAtPeriodEnd: true, canceledAtS: 1_762_799_189 });
    const discounted = fact('subscription', byId('sub_1SRzoCKXBGcbgpbZDYbXPugg'));
    const [ref] = discounted.discounts;
    expect([ref?.discount?.couponId, ref?.discount?.coupon]).toEqual(['10OFF', null]);
  });

  test('clover: after an immediate cancellation the end is `ended_at`, not the request', () => {
    const ended = fact('subscription', (raw) => raw['ended_at'] === 1_762_799_298);
    expect(ended).toMatchObject({ status: 'canceled', canceledAtS: 1_762_799_297, endedAtS: 1_762_799_298 });
  });

  test('clover: a collection pause', () => {
    const paused = fact('subscription', (raw) => isRecord(raw['pause_collection']));
    expect(paused.pauseCollection).toEqual({ behavior: 'void', resumesAtS: 1_765_391_387 });
  });

  test('an invoice names its subscription in both shapes, and how it was paid', () => {
    const old = fact('invoice', byId('in_1M6iuwQK2ZHS99RkeBIkgLc1'));
    expect(old).toMatchObject({
      subscriptionId: 'sub_1M6iuwQK2ZHS99RkFoU92wg4',
      payments: null,
      amountPaidMinor: 1000,
    });
    expect(old.paymentIntentId).toBe('pi_3M6iuwQK2ZHS99Rk0rBPQwb7');
    const now = fact('invoice', byId('in_1TGnErQK2ZHS99Rk4nuhpuoB'));
    expect(now).toMatchObject({ subscriptionId: 'sub_1TGnErQK2ZHS99RkHpVN5MOi', isPaidOutOfBand: null });
    expect(fact('invoice', byId('in_1SOMr4KXBGcbgpbZKrip9Pah')).payments).toEqual([]);
  });

  test('a failed charge says what the bank said; a settled one what arrived', () => {
    expect(fact('charge', byId('ch_1IeOOjKXBGcbgpbZL261gU3c'))).toMatchObject({
      status: 'failed',
      failureCode: 'authentication_required',
      declineCode: 'authentication_required',
      networkStatus: 'declined_by_network',
    });
    expect(fact('charge', byId('ch_3TGnEsQK2ZHS99Rk1GtpXcp5'))).toMatchObject({
      isInvoiceKnown: false,
      settlement: { amountMinor: 1000, feeMinor: 59, netMinor: 941, currency: 'usd' },
    });
  });

  test('a sub-cent metered price keeps its decimals', () => {
    const price = fact('price', (raw) => raw['unit_amount_decimal'] === '0.000381');
    expect(price).toMatchObject({ unitAmountDecimal: '0.000381', usageType: 'metered', interval: 'month' });
  });

  test('recorded updates of a subscription are read as changes', () => {
    const events = linesOf('events.jsonl').map((line) => (isRecord(line) ? line['event'] : null));
    const updates = events.filter((event) => isRecord(event) && event['type'] === 'customer.subscription.updated');
    expect(updates.length).toBeGreaterThan(0);
    for (const event of updates) {
      // The recorded update sets only a schedule, which is no change of plan, money or status.
      expect(readSubscriptionChange(event)?.changes).toMatchObject({
        hasItemsChanged: false,
        cancel: null,
        status: null,
      });
    }
  });
});

/**
 * Stripe cannot be reached for three days: no webhook arrives and every call of the API fails, while people go on signing
 * up, changing plans, failing to pay and leaving. The same three days are lived through by a second world without the
 * outage, of the same seed, so that "as if nothing had been" can be compared row by row.
 */
import { DriftReport, DriftReportsAnswer } from '@growthos/contracts/http/connections.ts';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { many } from '#db/db.ts';
import { startWorld, type World } from '../world/world.ts';

/** More than three days could use up. */
const ALL = 1_000_000;

let cutOff: World;
let undisturbed: World;

beforeAll(async () => {
  cutOff = await startWorld();
  undisturbed = await startWorld();
  for (const world of [cutOff, undisturbed]) {
    for (const name of ['ada', 'grace', 'katherine', 'mary', 'annie']) {
      await world.stripe.createCustomer({ email: `${name}@example.test`, metadata: { user_id: `u_${name}` } });
    }
    await world.stripe.subscribe({ email: 'ada@example.test', price: 'team_monthly' });
    await world.stripe.subscribe({ email: 'grace@example.test', price: 'pro_monthly', trialDays: 5 });
    await world.stripe.subscribe({ email: 'katherine@example.test', price: 'starter_monthly' });
    await world.stripe.subscribe({ email: 'mary@example.test', price: 'pro_monthly' });
    await world.connect();
    await world.advance({ hours: 2 });
  }
}, 240_000);
afterAll(async () => {
  await cutOff.close();
  await undisturbed.close();
});

async function threeDays(world: World): Promise<void> {
  await world.stripe.failNextPayment({ email: 'ada@example.test', declineCode: 'insufficient_funds', renewNow: true });
  await world.stripe.changePlan({ email: 'katherine@example.test', price: 'pro_monthly' });
  await world.advance({ days: 1 });
  await world.stripe.createCustomer({ email: 'dorothy@example.test', name: 'Dorothy Vaughan' });
  await world.stripe.subscribe({ email: 'dorothy@example.test', price: 'starter_monthly' });
  await world.stripe.refund({ email: 'mary@example.test' });
  await world.stripe.cancel({
    email: 'mary@example.test',
    reason: 'cancellation_requested',
    feedback: 'too_expensive',
  });
  await world.stripe.chargeOnce({ email: 'annie@example.test', amountMinor: 4_200 });
  await world.advance({ days: 1 });
  await world.stripe.updateCustomer({ email: 'katherine@example.test', name: 'Katherine Johnson' });
  await world.stripe.changeQuantity({ email: 'dorothy@example.test', quantity: 3 });
  await world.stripe.deleteCustomer({ email: 'mary@example.test' });
  await world.stripe.payOpenInvoice({ email: 'ada@example.test' });
  await world.advance({ days: 1 });
}

/** Two scheduled comparisons, and what a charge waits for its invoice after the second. */
async function toRest(world: World): Promise<void> {
  for (let half = 0; half < 5; half++) await world.advance({ minutes: 30 });
}

const billingEvents = (world: World) =>
  many<{ told: string }>(world.db, {
    text: `select type || ' ' || coalesce(dedupe_key, '') || ' ' || data::text as told from bus_event
           where workspace_id = $1 and type = any($2) order by 1`,
    values: [world.workspaceId, Object.keys(BILLING_EVENTS)],
  });

/** Contacts with all that is known of them, by the same names in both worlds. */
const contacts = (world: World) =>
  many<{ contact: unknown }>(world.db, {
    text: `select to_jsonb(c) - array['id', 'workspace_id', 'updated_at', 'created_at', 'billing_as_of'] as contact,
             (select array_agg(kind || ':' || value order by kind, value) from contact_identity i where i.contact_id = c.id) as identities
           from contact c where workspace_id = $1 and merged_into is null order by email`,
    values: [world.workspaceId],
  });

async function connectionId(world: World): Promise<string> {
  const { connections } = await world.api<{ connections: { id: string }[] }>('GET', '/api/connections');
  return connections[0]?.id ?? '';
}

test('three days without Stripe are made good by themselves: the report says what was missing, a second comparison finds nothing, and nothing tells the contacts from those of an undisturbed world', async () => {
  cutOff.stripe.setFaults({ dropNext: ALL, api500Next: ALL });
  const before = await contacts(cutOff);
  const lastBeforeS = Math.max(...cutOff.stripe.events().map((event) => event.created));
  await threeDays(cutOff);
  expect(await contacts(cutOff), 'nothing reached us').toEqual(before);
  const id = await connectionId(cutOff);
  await expect(cutOff.api('POST', `/api/connections/${id}/reconcile`)).rejects.toThrow(/answered 5/);
  const missed = cutOff.stripe.events().filter((event) => event.created > lastBeforeS);

  cutOff.stripe.setFaults({ dropNext: 0, api500Next: 0 });
  await toRest(cutOff);
  const { reports } = DriftReportsAnswer.parse(await cutOff.api('GET', `/api/connections/${id}/drift-reports`));
  const repaired = reports.filter((report) => report.eventsMissing > 0);
  expect(repaired).toHaveLength(1);
  expect(repaired[0]?.sentence).toMatch(/^Compared \d+ events with Stripe; \d+ events were missing and were added/);
  const byType = repaired[0]?.missingByType ?? {};
  for (const type of [
    'invoice.payment_failed',
    'customer.subscription.updated',
    'customer.subscription.created',
    'customer.subscription.deleted',
    'charge.refunded',
    'customer.deleted',
    'invoice.paid',
  ]) {
    expect(byType[type], type).toBe(missed.filter((event) => event.type === type).length);
  }

  const again = DriftReport.parse(await cutOff.api('POST', `/api/connections/${id}/reconcile`));
  expect(again).toMatchObject({ eventsMissing: 0, missingByType: {} });
  expect(again.sentence).toContain('nothing was missing');

  await threeDays(undisturbed);
  await toRest(undisturbed);
  expect(await contacts(cutOff)).toEqual(await contacts(undisturbed));
  const told = await billingEvents(cutOff);
  expect(told.length).toBeGreaterThan(10);
  expect(told).toEqual(await billingEvents(undisturbed));
  for (const world of [cutOff, undisturbed]) expect(world.stripe.violations()).toEqual([]);
}, 240_000);

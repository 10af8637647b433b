import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { ContactList } from '@growthos/contracts/http/contacts.ts';
import { Overview } from '@growthos/contracts/http/overview.ts';
import { Timeline } from '@growthos/contracts/http/timeline.ts';
import { MovableClock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import type { Db } from '#db/db.ts';
import { openTestDb } from '../../test/world/database.ts';
import { insertBusEvent, insertContact, insertRow, insertWorkspace } from '../../test/world/rows.ts';
import {
  busEventDetail,
  busEventList,
  capturedInbox,
  capturedMessage,
  contactFilters,
  contactList,
  contactPage,
  deadLetters,
  lagFigures,
  ledgerEvent,
  ledgerList,
  liveEvents,
  ltvByChannel,
  messageDetail,
  messageList,
  overview,
  plannedMessages,
  timeline,
} from './index.ts';

let db: Db;
let workspaceId: string;
let others: string;
const now = new Date('2026-11-24T09:00:00Z');
const clock = new MovableClock(now);
const at = (text: string): Date => new Date(text);
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * 3_600_000);

beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.execute(
    'truncate workspace, stripe_object, bus_event, bus_consumer, bus_dead_letter, inbox_event, inbox_pending, inbox_dead, segment_membership, enrolment_step, captured_email cascade',
  );
  workspaceId = await insertWorkspace(db, { now });
  others = await insertWorkspace(db, { now, name: 'Others' });
});

const deps = () => ({ db, clock, billingWarningTexts: { fx_rate_missing: 'An exchange rate is missing.' } });
const contact = (columns: Record<string, unknown>): Promise<string> =>
  insertContact(db, { workspaceId, now, ...columns });
const ada = {
  name: 'Ada Lovelace',
  email: 'ada@analytical.example',
  user_id: 'u_ada',
  billing_status: 'past_due',
  plan: 'price_team',
  plan_name: 'Team',
  tier: 'team',
  plan_interval: 'month',
  mrr_minor: 20_000n,
  mrr_currency: 'usd',
  mrr_by_currency: { usd: 20_000 },
  ltv_minor: 240_000n,
  ltv_currency: 'usd',
  ltv_by_currency: { usd: 240_000 },
  payment_method_on_file: true,
  payment_method_brand: 'visa',
  payment_method_last4: '4242',
  payment_method_expires_at: at('2029-01-01T00:00:00Z'),
  failed_attempts: 1,
  failed_payment_at: at('2026-11-24T08:55:00Z'),
  next_payment_attempt_at: at('2026-11-27T09:00:00Z'),
  failed_payment: {
    invoice_id: 'in_1',
    amount_minor: 20_000,
    currency: 'usd',
    attempt: 1,
    decline_code: 'insufficient_funds',
    hosted_invoice_url: 'https://invoice.stripe.com/i/1',
  },
  last_seen_at: hoursAgo(1),
  acquisition_channel: 'organic_search',
};

async function list(query: Partial<Parameters<typeof contactList>[1]> = {}) {
  const answer = await contactList({ db }, { workspaceId, limit: 50, sort: 'newest', ...query });
  return ContactList.parse(answer);
}

async function everyName(query: Partial<Parameters<typeof contactList>[1]>): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 50; page++) {
    const answer = await list({ ...query, limit: 3, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...answer.rows.map((row) => row.name));
    if (answer.nextCursor === null) return names;
    cursor = answer.nextCursor;
  }
  throw new Error('the list has no end');
}

test('paging through any sort meets everybody once, in order, those without the value last', async () => {
  for (let nth = 0; nth < 10; nth++) {
    await contact({
      name: nth === 9 ? null : `Person ${nth}`,
      user_id: `u${nth}`,
      created_at: hoursAgo(nth % 4),
      last_seen_at: nth % 3 === 0 ? null : hoursAgo(nth % 4),
      mrr_minor: nth % 2 === 0 ? BigInt(nth % 4) * 100n : null,
      mrr_currency: nth % 2 === 0 ? 'usd' : null,
      billing_status: nth < 5 ? 'trialing' : 'active',
      trial_end_date: nth < 4 ? hoursAgo(-nth) : null,
    });
  }
  await insertContact(db, { workspaceId: others, now, name: 'Stranger' });
  for (const sort of ['newest', 'last_seen', 'mrr', 'ltv', 'name'] as const) {
    const names = await everyName({ sort });
    expect([sort, names.length, new Set(names).size]).toEqual([sort, 10, 10]);
    expect(names).not.toContain('Stranger');
  }
  expect((await everyName({ sort: 'mrr' })).slice(0, 5).sort()).toEqual([0, 2, 4, 6, 8].map((n) => `Person ${n}`));
  expect(await everyName({ sort: 'trial_end' })).toEqual([0, 1, 2, 3].map((n) => `Person ${n}`));
  expect((await everyName({ sort: 'name' })).slice(0, 2)).toEqual(['Person 0', 'Person 1']);
  expect((await everyName({ sort: 'name' })).at(-1)).toBe('u9');
});

test('a search finds people by any word of the name or e-mail, and by whole ids', async () => {
  const id = await contact(ada);
  await contact({ name: 'Grace Hopper', email: 'grace@navy.example' });
  await insertRow(db, 'stripe_account', {
    id: newId(),
    workspace_id: workspaceId,
    account: 'acct_1',
    livemode: false,
    method: 'restricted_key',
    status: 'active',
    connected_at: now,
  });
  for (const [kind, value] of [
    ['stripe_customer', 'acct_1/cus_ada'],
    ['user_id', 'u_ada'],
  ]) {
    await insertRow(db, 'contact_identity', {
      workspace_id: workspaceId,
      kind,
      value,
      contact_id: id,
      source: 'stripe:acct_1',
      linked_by: 'email',
      linked_at: now,
    });
  }
  for (const q of ['ada', 'LOVE', 'lovelace ada', 'analytical', 'ada@analytical.example', 'u_ada', 'cus_ada', id]) {
    expect([q, (await list({ q })).rows.map((row) => row.name)]).toEqual([q, ['Ada Lovelace']]);
  }
  expect((await list({ q: 'example' })).rows).toHaveLength(2);
  for (const q of ['velace', "'; drop table contact; --", '!!!', 'nobody', '&|:*']) {
    expect([q, (await list({ q })).rows]).toEqual([q, []]);
  }
  const elsewhere = await contactList({ db }, { workspaceId: others, limit: 5, sort: 'newest', q: id });
  expect(elsewhere.rows).toEqual([]);
});

test('filters narrow together, and the total is told on the first page', async () => {
  const id = await contact(ada);
  await contact({ name: 'Grace', billing_status: 'trialing', tier: 'team' });
  const segment = await insertSegment({ name: 'Failed payment', members: [id] });
  expect((await list({ tier: 'team' })).total).toEqual({ count: 2, isExact: true });
  expect((await list({ tier: 'team', status: 'past_due' })).rows.map((row) => row.id)).toEqual([id]);
  expect((await list({ segmentId: segment })).rows[0]).toMatchObject({
    id,
    billingStatusLabel: 'Past due',
    mrr: { amountMinor: 20_000, currency: 'usd', formatted: '$200.00' },
  });
  expect((await list({ plan: 'price_team' })).rows).toHaveLength(1);
  expect((await list({ plan: 'price_none' })).rows).toEqual([]);
  const filters = await contactFilters({ db }, { workspaceId });
  expect(filters.plans).toEqual([{ priceId: 'price_team', label: 'Team' }]);
  expect(filters.tiers).toEqual(['team']);
});

async function insertSegment(input: { name: string; members: string[]; flipAt?: Date }): Promise<string> {
  const id = newId();
  await insertRow(db, 'segment', {
    id,
    workspace_id: workspaceId,
    key: input.name.toLowerCase().replaceAll(' ', '_'),
    name: input.name,
    status: 'active',
    definition: {},
    version: 2,
    depends_on: [],
    timezone: 'UTC',
    member_count: input.members.length,
    created_at: now,
    updated_at: now,
  });
  for (const contactId of input.members) {
    const row = { segment_id: id, contact_id: contactId, is_member: true, since: hoursAgo(2) };
    await insertRow(db, 'segment_membership', { ...row, version: 2, next_flip_at: input.flipAt ?? null });
  }
  return id;
}

async function insertRun(contactId: string): Promise<{ sequenceId: string; enrolmentId: string }> {
  const sequenceId = newId();
  const enrolmentId = newId();
  await insertRow(db, 'sequence', {
    id: sequenceId,
    workspace_id: workspaceId,
    key: 'failed_payment_recovery',
    name: 'Failed payment recovery',
    status: 'live',
    latest_version: 1,
    live_version: 1,
    created_at: now,
    updated_at: now,
  });
  const definition = {
    name: 'Failed payment recovery',
    trigger: { kind: 'event', type: 'invoice.payment_failed' },
    category: 'transactional',
    steps: [
      { id: 'nudge', kind: 'in_app', content: { style: 'banner', title: 'Your payment failed' } },
      { id: 'wait', kind: 'wait_for', duration: { hours: 4 } },
      {
        id: 'founder',
        kind: 'email',
        content: { format: 'plain', subject: 'A question, {{ contact.name }}', text: 'Hello' },
      },
      { id: 'end', kind: 'exit' },
    ],
  };
  await insertRow(db, 'sequence_version', {
    sequence_id: sequenceId,
    version: 1,
    workspace_id: workspaceId,
    definition,
    step_count: 4,
    created_at: now,
  });
  await insertRow(db, 'enrolment', {
    id: enrolmentId,
    workspace_id: workspaceId,
    sequence_id: sequenceId,
    version: 1,
    contact_id: contactId,
    status: 'active',
    is_holdout: false,
    entry_key: 'in_1',
    trigger_type: 'invoice.payment_failed',
    trigger_position: 1n,
    trigger_data: {},
    step_id: 'wait',
    step_number: 2,
    step_count: 4,
    next_due_at: at('2026-11-24T13:00:00Z'),
    entered_at: hoursAgo(0.05),
  });
  return { sequenceId, enrolmentId };
}

test('the page of a customer whose payment failed says so in one sentence and has everything beside it', async () => {
  const id = await contact({ ...ada, billing_warnings: '["fx_rate_missing"]', traits: { role: 'founder' } });
  const flipAt = at('2026-11-26T09:00:00Z');
  await insertSegment({ name: 'Failed payment', members: [id], flipAt });
  await insertRun(id);
  await insertRow(db, 'contact_identity', {
    workspace_id: workspaceId,
    kind: 'stripe_customer',
    value: 'acct_1/cus_ada',
    contact_id: id,
    source: 'stripe:acct_1',
    linked_by: 'email',
    linked_at: now,
  });
  await insertRow(db, 'stripe_account', {
    id: newId(),
    workspace_id: workspaceId,
    account: 'acct_1',
    livemode: false,
    method: 'restricted_key',
    status: 'active',
    connected_at: now,
  });
  const object = (type: string, objectId: string, fact: Record<string, unknown>, customer: string | null = 'cus_ada') =>
    insertRow(db, 'stripe_object', {
      workspace_id: workspaceId,
      stripe_account: 'acct_1',
      livemode: false,
      type,
      id: objectId,
      customer_id: customer,
      fact,
      as_of_s: 1n,
      told_by: 'test',
      is_deleted: false,
      updated_at: now,
    });
  const price = {
    unitAmountDecimal: '20000',
    currency: 'usd',
    interval: 'month',
    intervalCount: 1,
    productId: 'prod_1',
  };
  await object('price', 'price_team', price, null);
  await object('product', 'prod_1', { name: 'Team' }, null);
  await object('invoice', 'in_1', {
    createdS: 100,
    totalMinor: 20_000,
    currency: 'usd',
    status: 'open',
    number: 'A-1',
  });
  await object('subscription', 'sub_1', {
    status: 'past_due',
    items: [{ priceId: 'price_team', quantity: 1, price, currentPeriodEndS: 1_795_564_800 }],
  });
  const page = ContactPage.parse(await contactPage(deps(), { workspaceId, contactId: id }));
  expect(page.sentences[0]).toEqual({
    tone: 'bad',
    text: 'Payment of $200.00 failed 5 minutes ago (insufficient funds). Stripe retries on 27 Nov. Step 2 of 4 of Failed payment recovery.',
  });
  expect(page.billing).toMatchObject({
    statusLabel: 'Past due',
    mrr: { formatted: '$200.00' },
    ltv: { formatted: '$2,400.00' },
    paymentMethod: { label: 'Visa ending in 4242, good until Dec 2028' },
    failedPayment: { reason: 'insufficient funds', attempt: 1, hostedInvoiceUrl: 'https://invoice.stripe.com/i/1' },
    warnings: [{ name: 'fx_rate_missing', text: 'An exchange rate is missing.' }],
  });
  expect(page.segments).toMatchObject([{ name: 'Failed payment', nextFlipAt: flipAt.toISOString() }]);
  expect(page.sequences).toMatchObject([
    { name: 'Failed payment recovery', status: 'running', step: 2, stepCount: 4, nextAction: 'E-mail “A question, …”' },
  ]);
  expect(page.invoices).toMatchObject([{ id: 'in_1', number: 'A-1', amount: { formatted: '$200.00' } }]);
  expect(page.subscriptions).toMatchObject([{ id: 'sub_1', plans: [{ name: 'Team', price: '$200.00 a month' }] }]);
  expect(page.identities[0]?.url).toBe('https://dashboard.stripe.com/acct_1/test/customers/cus_ada');
  expect(page.traits).toEqual([{ name: 'role', value: 'founder' }]);
});

test('a contact of another workspace does not exist, a merged one answers with whom it became, an erased one is gone', async () => {
  const stranger = await insertContact(db, { workspaceId: others, now, name: 'Stranger' });
  const id = await contact({ name: 'Ada' });
  const merged = await contact({ name: 'Ada again', merged_into: id });
  const erased = await contact({ erased_at: now });
  const page = (contactId: string) => contactPage(deps(), { workspaceId, contactId });
  await expect(page(stranger)).rejects.toThrow(NotFoundError);
  await expect(page('not-an-id')).rejects.toThrow(NotFoundError);
  await expect(page(erased)).rejects.toThrow(/erased/);
  expect((await page(merged)).id).toBe(id);
  await expect(timeline(deps(), { workspaceId, contactId: stranger, limit: 10 })).rejects.toThrow(NotFoundError);
});

test('the timeline tells the past in plain words, groups repeats, and names what is due', async () => {
  const id = await contact(ada);
  await insertRun(id);
  await insertSegment({ name: 'Failed payment', members: [id], flipAt: at('2026-11-30T00:00:00Z') });
  const tell = (type: string, hours: number, data: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
    insertBusEvent(db, { workspaceId, contactId: id, type, time: hoursAgo(hours), data, ...more });
  await tell('report_exported', 30, { properties: { format: 'csv' } }, { source: 'app' });
  for (let nth = 0; nth < 12; nth++) await tell('page', 20 - nth / 10, { name: `Page ${nth % 2}` }, { source: 'app' });
  await tell('message_requested', 3, { channel: 'email' });
  await tell('contact_updated', 2, { is_new: false, changes: [{ property: 'last_seen_at', old: null, new: 'x' }] });
  await tell(
    'invoice.payment_failed',
    1,
    { amount_minor: 20_000, currency: 'usd', attempt: 1, decline_code: 'insufficient_funds' },
    { source: 'stripe:acct_1', cause: { kind: 'stripe_event', id: 'evt_1', type: 'invoice.payment_failed' } },
  );
  await tell('segment_entered', 0.5, { segment_name: 'Failed payment' });
  const answer = Timeline.parse(await timeline(deps(), { workspaceId, contactId: id, limit: 50 }));
  expect(answer.entries.map((entry) => entry.title)).toEqual([
    'Entered segment Failed payment',
    'Payment of $200.00 failed (insufficient funds), attempt 1',
    '12 page views',
    'Report exported',
  ]);
  expect(answer.entries[1]).toMatchObject({
    kind: 'billing',
    source: 'Stripe',
    cause: { text: 'because Stripe sent invoice.payment_failed', stripeEventId: 'evt_1' },
    amount: { formatted: '$200.00' },
  });
  expect(answer.entries[2]).toMatchObject({ detail: 'Page 1, Page 0', since: hoursAgo(20).toISOString() });
  expect(answer.entries[2]?.eventIds).toHaveLength(12);
  expect(answer.upcoming.map((entry) => [entry.kind, entry.title])).toEqual([
    ['sequence_step', 'E-mail “A question, …”'],
    ['payment_retry', 'Stripe tries $200.00 again'],
    ['segment_flip', 'Leaves segment Failed payment'],
  ]);
  const billing = await timeline(deps(), { workspaceId, contactId: id, limit: 50, kinds: 'billing,segment' });
  expect(billing.entries).toHaveLength(2);
});

test('what reading the history brought is one row, from the first old value to the last new one', async () => {
  const id = await contact({ name: 'Ada' });
  const money = (amountMinor: number) => ({ amount_minor: amountMinor, currency: 'usd' });
  for (const [nth, ltv] of [100, 200, 300].entries()) {
    const changes = [
      { property: 'plan', old: null, new: 'price_1' },
      { property: 'ltv', old: nth === 0 ? null : money(ltv - 100), new: money(ltv) },
      { property: 'engagement_score', old: 1, new: 2 },
    ];
    await insertBusEvent(db, {
      workspaceId,
      contactId: id,
      type: 'contact_updated',
      time: hoursAgo(1 - nth / 10),
      data: { is_new: false, changes: nth === 0 ? changes : changes.slice(1) },
      cause: { kind: 'backfill', id: null },
    });
  }
  const quiet = { is_new: false, changes: [{ property: 'engagement_score', old: 2, new: 9 }] };
  await insertBusEvent(db, { workspaceId, contactId: id, type: 'contact_updated', time: now, data: quiet });
  const { entries } = await timeline(deps(), { workspaceId, contactId: id, limit: 10 });
  expect(entries.map((entry) => [entry.title, entry.cause?.text, entry.eventIds.length])).toEqual([
    ['Plan (price ID): empty → price_1, Lifetime value: empty → $3.00', 'read from Stripe’s history', 3],
  ]);
});

test('paging through a timeline meets every event once and tells what is due only on the first page', async () => {
  const id = await contact({ name: 'Ada', billing_status: 'trialing', trial_end_date: at('2026-11-30T00:00:00Z') });
  for (let nth = 0; nth < 25; nth++) {
    const type = nth % 2 === 0 ? 'clicked' : 'saved';
    await insertBusEvent(db, { workspaceId, contactId: id, type, time: hoursAgo(nth - (nth % 5)), source: 'app' });
  }
  const ids: string[] = [];
  let cursor: string | null = null;
  let upcoming = 0;
  do {
    const page: Timeline = await timeline(deps(), {
      workspaceId,
      contactId: id,
      limit: 2,
      ...(cursor === null ? {} : { cursor }),
    });
    ids.push(...page.entries.flatMap((entry) => entry.eventIds));
    upcoming += page.upcoming.length;
    cursor = page.nextCursor;
  } while (cursor !== null && ids.length < 100);
  expect([ids.length, new Set(ids).size, upcoming]).toEqual([25, 25, 1]);
});

test('the overview puts failed payments first and says what a new workspace lacks', async () => {
  const failed = await contact(ada);
  await contact({
    name: 'Grace',
    billing_status: 'trialing',
    plan_name: 'Pro',
    trial_end_date: at('2026-11-26T09:00:00Z'),
    payment_method_on_file: false,
  });
  await contact({ name: 'Later', billing_status: 'trialing', trial_end_date: at('2026-12-20T09:00:00Z') });
  await contact({
    name: 'Leaving',
    billing_status: 'active',
    plan_name: 'Pro',
    cancels_at: at('2026-11-25T09:00:00Z'),
  });
  await insertSegment({ name: 'Failed payment', members: [failed] });
  const answer = Overview.parse(await overview(deps(), { workspaceId, isCapturing: true }));
  expect(answer.needsYou.map((row) => [row.contact.name, row.sentence])).toEqual([
    ['Ada Lovelace', 'Payment of $200.00 failed 5 minutes ago (insufficient funds). Stripe retries on 27 Nov.'],
    ['Leaving', 'Set to cancel: Pro ends tomorrow, on 25 Nov.'],
    ['Grace', 'Trial of Pro ends in 2 days, on 26 Nov. No payment method on file.'],
  ]);
  expect(answer.segments).toMatchObject([{ name: 'Failed payment', count: 1 }]);
  expect(answer.contactTotal).toEqual({ count: 4, isExact: true });
  expect(answer.connection.state).toBe('none');
  expect(answer.setup.map((step) => [step.key, step.isDone])).toEqual([
    ['connect_stripe', false],
    ['install_snippet', false],
    ['set_sender', false],
    ['switch_on_sequence', false],
  ]);
});

test('messages are listed with why they were not sent, opened whole, and planned ones are named in words', async () => {
  const id = await contact(ada);
  const { sequenceId } = await insertRun(id);
  const message = (columns: Record<string, unknown>) =>
    insertRow(db, 'message', {
      id: newId(),
      workspace_id: workspaceId,
      key: newId(),
      contact_id: id,
      sequence_id: sequenceId,
      channel: 'email',
      category: 'product',
      status: 'sent',
      requested_at: hoursAgo(1),
      not_before: now,
      ...columns,
    });
  await message({
    subject: 'Hello',
    html: '<p>Hi</p>',
    body_text: 'Hi',
    sent_at: now,
    clicked_at: now,
    headers: { 'X-A': '1' },
  });
  await message({
    status: 'skipped',
    reason: 'opted_out',
    reason_sentence: 'Ada has unsubscribed.',
    requested_at: hoursAgo(2),
  });
  await message({
    channel: 'in_app',
    status: 'ready',
    payload: { title: 'Your payment failed' },
    requested_at: hoursAgo(3),
  });
  const { rows } = await messageList({ db }, { workspaceId, limit: 10 });
  expect(rows.map((row) => [row.title, row.status, row.reason, row.outcome])).toEqual([
    ['Hello', 'sent', null, 'clicked'],
    ['E-mail', 'skipped', 'Ada has unsubscribed.', null],
    ['Your payment failed', 'waiting', null, null],
  ]);
  expect((await messageList({ db }, { workspaceId, limit: 10, status: 'skipped' })).rows).toHaveLength(1);
  const detail = await messageDetail({ db }, { workspaceId, messageId: rows[0]?.id ?? '' });
  expect(detail).toMatchObject({ html: '<p>Hi</p>', text: 'Hi', headers: [{ name: 'X-A', value: '1' }] });
  expect(detail.history.map((step) => step.text)).toEqual(['Asked for', 'Sent', 'Clicked']);
  await expect(messageDetail({ db }, { workspaceId: others, messageId: rows[0]?.id ?? '' })).rejects.toThrow(
    NotFoundError,
  );
  const planned = await plannedMessages({ db }, { workspaceId, limit: 10 });
  expect(planned.rows).toMatchObject([
    { action: 'E-mail “A question, …”', step: 3, contact: { name: 'Ada Lovelace' } },
  ]);
});

test('the captured inbox shows what would have left this machine', async () => {
  const id = await contact(ada);
  const messageId = newId();
  await insertRow(db, 'captured_email', {
    message_id: messageId,
    workspace_id: workspaceId,
    contact_id: id,
    captured_at: now,
    from_address: 'founder@example.test',
    to_address: 'ada@analytical.example',
    subject: 'Your trial expires in 3 days',
    html: '<p>Hi</p>',
    body_text: 'Your trial expires in 3 days\n============================\n\nHi   Ada,\n\nyour trial',
    headers: { 'List-Unsubscribe': '<https://x>' },
  });
  const inbox = { db, isCapturing: true };
  expect(await capturedInbox(inbox, { workspaceId, limit: 10 })).toMatchObject({
    isCapturing: true,
    rows: [{ subject: 'Your trial expires in 3 days', preview: 'Hi Ada, your trial', contact: { id } }],
  });
  expect(await capturedMessage({ db }, { workspaceId, messageId })).toMatchObject({
    html: '<p>Hi</p>',
    headers: [{ name: 'List-Unsubscribe' }],
  });
  await expect(capturedMessage({ db }, { workspaceId: others, messageId })).rejects.toThrow(NotFoundError);
});

test('a received event shows what became of it, its payload as it came, and what it led to', async () => {
  const id = await contact(ada);
  const ledger = async (eventId: string, payload: unknown): Promise<bigint> => {
    const { rows } = await db.query<{ seq: bigint }>({
      text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via,
               received_at, payload) values ($1, 'stripe', 'acct_1', $2, 'invoice.payment_failed', 'cus_ada', false, 1764000000,
               'webhook', $3, $4) returning seq`,
      values: [workspaceId, eventId, now, JSON.stringify(payload)],
    });
    return rows[0]?.seq ?? 0n;
  };
  await insertRow(db, 'stripe_account', {
    id: newId(),
    workspace_id: workspaceId,
    account: 'acct_1',
    livemode: false,
    method: 'restricted_key',
    status: 'active',
    connected_at: now,
  });
  const applied = await ledger('evt_1', { id: 'evt_1', n: 1 });
  const waiting = await ledger('evt_2', {});
  const dead = await ledger('evt_3', {});
  await insertRow(db, 'inbox_pending', { seq: waiting });
  await insertRow(db, 'inbox_dead', {
    seq: dead,
    workspace_id: workspaceId,
    error: 'cannot read',
    attempts: 5,
    died_at: now,
  });
  const cause = { kind: 'stripe_event', id: 'evt_1', type: 'invoice.payment_failed' };
  const busId = await insertBusEvent(db, {
    workspaceId,
    contactId: id,
    type: 'invoice.payment_failed',
    source: 'stripe:acct_1',
    time: now,
    cause,
  });
  const statuses = (await ledgerList({ db }, { workspaceId, limit: 10 })).rows.map((row) => [row.eventId, row.status]);
  expect(statuses).toEqual([
    ['evt_3', 'dead'],
    ['evt_2', 'received'],
    ['evt_1', 'applied'],
  ]);
  for (const [status, eventId] of [
    ['dead', 'evt_3'],
    ['received', 'evt_2'],
    ['applied', 'evt_1'],
  ] as const) {
    const { rows } = await ledgerList({ db }, { workspaceId, limit: 10, status });
    expect(rows.map((row) => row.eventId)).toEqual([eventId]);
  }
  expect((await ledgerList({ db }, { workspaceId, limit: 10, q: 'evt_2' })).rows).toHaveLength(1);
  expect((await ledgerList({ db }, { workspaceId, limit: 10, q: 'cus_ada' })).rows).toHaveLength(3);
  const detail = await ledgerEvent(deps(), { workspaceId, seq: String(applied) });
  expect(detail).toMatchObject({ payload: { id: 'evt_1', n: 1 }, produced: [{ id: busId }] });
  await expect(ledgerEvent(deps(), { workspaceId: others, seq: String(applied) })).rejects.toThrow(NotFoundError);
  const bus = await busEventDetail(deps(), { workspaceId, eventId: busId });
  expect(bus).toMatchObject({ cause, causeSeq: String(applied), contact: { id } });
  await expect(busEventDetail(deps(), { workspaceId: others, eventId: busId })).rejects.toThrow(NotFoundError);
  expect((await busEventList(deps(), { workspaceId, limit: 10, contactId: id })).rows).toHaveLength(1);
});

test('dead letters of the ledger and of the bus stand in one list, page by page', async () => {
  const id = await contact(ada);
  const eventId = await insertBusEvent(db, { workspaceId, contactId: id, type: 'trial_started', time: now });
  for (let nth = 0; nth < 3; nth++) {
    await insertRow(db, 'bus_dead_letter', {
      id: newId(),
      consumer: `consumer_${nth}`,
      position: 1n,
      workspace_id: workspaceId,
      event_id: eventId,
      error: 'no',
      died_at: hoursAgo(nth),
    });
  }
  await insertRow(db, 'bus_dead_letter', {
    id: newId(),
    consumer: 'replayed',
    position: 1n,
    workspace_id: workspaceId,
    event_id: eventId,
    error: 'no',
    died_at: now,
    replayed_at: now,
  });
  const first = await deadLetters({ db }, { workspaceId, limit: 2 });
  const second = await deadLetters({ db }, { workspaceId, limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.rows, ...second.rows].map((row) => row.where)).toEqual(['Consumer 0', 'Consumer 1', 'Consumer 2']);
  expect(first.rows[0]).toMatchObject({ type: 'trial_started', contact: { id }, busEventId: eventId, ledgerSeq: null });
  expect((await deadLetters({ db }, { workspaceId: others, limit: 10 })).rows).toEqual([]);
});

test('lifetime value by channel keeps currencies apart and hands each row over as a segment', async () => {
  const paying = (channel: string | null, ltvMinor: bigint, currency: string) =>
    contact({
      acquisition_channel: channel,
      ltv_minor: ltvMinor,
      ltv_currency: currency,
      mrr_minor: 100n,
      mrr_currency: currency,
    });
  await paying('ads', 10_000n, 'usd');
  await paying('ads', 5_001n, 'usd');
  await paying('ads', 900n, 'jpy');
  await paying(null, 7000n, 'usd');
  await contact({ acquisition_channel: 'ads' });
  await contact({ acquisition_channel: 'mail', ltv_by_currency: { usd: 300, eur: 500 } });
  await insertContact(db, { workspaceId: others, now, acquisition_channel: 'ads', ltv_minor: 1n, ltv_currency: 'usd' });
  const { rows } = await ltvByChannel({ db }, { workspaceId });
  expect(rows).toMatchObject([
    {
      channel: 'ads',
      label: 'Ads',
      contactCount: 4,
      payingCount: 3,
      payingShare: '75.0%',
      ltv: [{ formatted: '$150.01' }, { formatted: '¥900' }],
      ltvPerPaying: [{ formatted: '$75.01' }, { formatted: '¥900' }],
      filter: { version: 1, where: { op: 'text', property: 'acquisition_channel', is: 'is', values: ['ads'] } },
    },
    { channel: null, label: 'Unknown', contactCount: 1, ltv: [{ formatted: '$70.00' }] },
    { channel: 'mail', contactCount: 1, payingCount: 1, ltv: [{ formatted: '€5.00' }, { formatted: '$3.00' }] },
  ]);
  expect(rows).toMatchObject([{}, { filter: { where: { op: 'presence', is: 'not_exists' } } }, {}]);
});

test('lags are the age of the oldest that waits', async () => {
  const { rows } = await db.query<{ seq: bigint }>({
    text: `insert into inbox_event (workspace_id, source, origin, event_id, type, subject, livemode, created_s, via, received_at, payload)
           values ($1, 'track', 'site', 'e', 'track', 's', false, 1, 'api', $2, '{}') returning seq`,
    values: [workspaceId, hoursAgo(1)],
  });
  await insertRow(db, 'inbox_pending', { seq: rows[0]?.seq });
  await insertBusEvent(db, { workspaceId, contactId: null, type: 'x', time: hoursAgo(0.5) });
  await insertRow(db, 'bus_consumer', { name: 'segments', position: 0n, updated_at: now });
  const figures = new Map((await lagFigures({ db, clock })).map((figure) => [figure.name, figure]));
  expect(figures.get('inbox')).toMatchObject({ waitingCount: 1, lagS: 3600 });
  expect(figures.get('consumer:segments')).toMatchObject({ waitingCount: 1, lagS: 1800, label: 'Segments' });
  expect(figures.get('messages')).toMatchObject({ waitingCount: 0, lagS: 0 });
});

test('a live page hears what comes after it opened, of its workspace alone', async () => {
  const id = await contact(ada);
  await insertBusEvent(db, { workspaceId, contactId: id, type: 'trial_started', time: now });
  const opened = await liveEvents({ db, clock }, { workspaceId, after: null });
  expect(opened.events).toEqual([]);
  await insertBusEvent(db, {
    workspaceId,
    contactId: id,
    type: 'segment_entered',
    time: now,
    data: { segment_name: 'X' },
  });
  await insertBusEvent(db, { workspaceId: others, contactId: null, type: 'segment_entered', time: now });
  const news = await liveEvents({ db, clock }, { workspaceId, after: opened.position });
  expect(news.events).toMatchObject([{ title: 'Entered segment X', contactId: id }]);
  expect((await liveEvents({ db, clock }, { workspaceId, after: news.position })).events).toEqual([]);
});

import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { SendingRules } from '@growthos/contracts/http/sending.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { json, many, type Db } from '#db/db.ts';
import { newId } from '#base/ids.ts';
import { actOnRun, pauseSequence, resumeSequence, switchOff } from '#respond/sequences/index.ts';
import { setConsent, writeSendingRules } from '#send/index.ts';
import { PERSON, startSequenceWorld, type SequenceWorld } from '../properties/sequence-world.ts';
import { openTestDb } from '../world/database.ts';

let db: Db;
let world: SequenceWorld;
beforeAll(async () => {
  db = await openTestDb();
});
afterAll(() => db.close());
beforeEach(async () => {
  world = await startSequenceWorld({ db });
});

const definition = (over: Record<string, unknown> = {}): SequenceDefinition =>
  SequenceDefinition.parse({
    name: 'Hello',
    trigger: { kind: 'event', type: 'start' },
    reentry: { rule: 'always' },
    category: 'marketing',
    quietHours: null,
    steps: [
      { id: 'hello', kind: 'email', content: { format: 'plain', subject: 'Hello', text: 'Hi {{ contact.name }}' } },
    ],
    ...over,
  });
const start = async (contactId: string, data: Record<string, unknown> = {}): Promise<void> => {
  await world.publish({ type: 'start', contactId, data });
  await world.settle();
};
const last = async (): Promise<{ status: string; reason: string | null; sentence: string | null }> => {
  const messages = await world.messages();
  const message = messages.at(-1);
  if (!message) throw new Error('no message');
  return message;
};
/** The reason stands on the message and on the contact's timeline, with the same sentence. */
async function expectSkipped(reason: string, sentence: RegExp): Promise<void> {
  const message = await last();
  expect(message).toMatchObject({ status: 'skipped', reason });
  expect(message.sentence).toMatch(sentence);
  expect((await world.events('message_skipped')).at(-1)).toMatchObject({ reason, sentence: message.sentence });
  expect(await world.captured()).toEqual([]);
}

test('without an address nothing is sent, and the timeline says so', async () => {
  await world.live(definition());
  await start(await world.contact({ email: null }));
  await expectSkipped('no_address', /no e-mail address is known of Ada Lovelace/);
});

test('who has unsubscribed from a category gets nothing of it, but still hears of their own account', async () => {
  await world.live(definition());
  const ada = await world.contact();
  await setConsent(world.send, {
    workspaceId: world.workspaceId,
    contactId: ada,
    messageId: null,
    optedOut: { marketing: true },
    source: 'person',
  });
  await start(ada);
  await expectSkipped('unsubscribed', /has unsubscribed from offers and news/);
  await world.live(definition({ category: 'transactional', trigger: { kind: 'event', type: 'bill' } }));
  await world.publish({ type: 'bill', contactId: ada });
  await world.settle();
  expect(await world.captured()).toHaveLength(1);
});

test('a blocked address gets nothing, of any category', async () => {
  await world.live(definition({ category: 'transactional' }));
  const ada = await world.contact({ email: 'Ada@Example.test' });
  await db.query({
    text: `insert into suppression (workspace_id, address, reason, suppressed_at) values ($1, 'ada@example.test', 'hard_bounce', now())`,
    values: [world.workspaceId],
  });
  await start(ada);
  await expectSkipped('suppressed', /the address is blocked, because mail to it came back/);
});

test('a workspace that only rehearses sends nothing', async () => {
  await writeSendingRules(world.send, {
    workspaceId: world.workspaceId,
    rules: SendingRules.parse({ isDryRun: true }),
  });
  await world.live(definition());
  await start(await world.contact());
  await expectSkipped('workspace_dry_run', /only rehearses/);
});

test('a message for owners is not sent to a member, and is to somebody without a company', async () => {
  const step = {
    id: 'hello',
    kind: 'email',
    roles: ['owner'],
    content: { format: 'plain', subject: 'Hello', text: 'Hi' },
  };
  await world.live(definition({ steps: [step] }));
  const ada = await world.contact();
  const company = newId();
  await db.query({
    text: `insert into company (id, workspace_id, name, created_at, updated_at) values ($1, $2, 'Acme', now(), now())`,
    values: [company, world.workspaceId],
  });
  await db.query({
    text: `insert into company_membership (workspace_id, company_id, contact_id, role, since) values ($1, $2, $3, 'member', now())`,
    values: [world.workspaceId, company, ada],
  });
  await start(ada);
  await expectSkipped('role', /meant for owner, and Ada Lovelace is member/);
  await start(await world.contact());
  expect(await world.captured()).toHaveLength(1);
});

test('the holdout gets nothing and asks for nothing, and its goal is counted', async () => {
  await world.live(definition({ holdoutPercent: 50, exits: { goals: [{ type: 'bought' }] }, goalWindowDays: 5 }));
  const people = await Promise.all(Array.from({ length: 24 }, () => world.contact()));
  for (const person of people) await world.publish({ type: 'start', contactId: person });
  await world.settle();
  const held = await many<{ contact_id: string }>(db, { text: 'select contact_id from enrolment where is_holdout' });
  expect(held.length).toBeGreaterThan(2);
  expect(held.length).toBeLessThan(22);
  expect(await world.captured()).toHaveLength(24 - held.length);
  await world.publish({ type: 'bought', contactId: held[0]?.contact_id ?? null });
  await world.advance({ days: 6 });
  const ends = await many<{ end_reason: string; count: number }>(db, {
    text: 'select end_reason, count(*)::int as count from enrolment where is_holdout group by 1 order by 1',
  });
  expect(ends).toEqual([
    { end_reason: 'goal', count: 1 },
    { end_reason: 'holdout_done', count: held.length - 1 },
  ]);
});

test('the limit holds a message back until the window frees, in favour of what has priority, and drops what would be stale', async () => {
  await writeSendingRules(world.send, {
    workspaceId: world.workspaceId,
    rules: SendingRules.parse({ capCount: 1, capWindowHours: 24 }),
  });
  const ada = await world.contact();
  const named = (name: string, priority: number): SequenceDefinition =>
    definition({
      name,
      priority,
      steps: [{ id: 'hello', kind: 'email', content: { format: 'plain', subject: name, text: 'Hi' } }],
    });
  for (const [name, priority] of [
    ['low', 10],
    ['high', 90],
    ['middle', 50],
    ['least', 1],
  ] as const)
    await world.live(named(name, priority));
  await start(ada);
  expect((await world.captured()).map((mail) => mail.subject)).toEqual(['high']);
  expect(
    (await world.messages()).filter((message) => message.reason === 'capped' && message.status === 'requested'),
  ).toHaveLength(3);
  await world.advance({ days: 4 });
  expect((await world.captured()).map((mail) => mail.subject)).toEqual(['high', 'middle', 'low']);
  expect((await world.messages()).filter((message) => message.status === 'skipped')).toMatchObject([
    { reason: 'capped' },
  ]);
});

test('quiet hours hold mail until morning where the contact lives; a nudge in the app waits for nobody', async () => {
  await world.live(
    definition({
      quietHours: { from: '21:00', to: '08:00' },
      steps: [
        { id: 'nudge', kind: 'in_app', content: { style: 'card', title: 'Hello' } },
        { id: 'hello', kind: 'email', content: { format: 'plain', subject: 'Hello', text: 'Hi' } },
      ],
    }),
  );
  // 10:00 in UTC is 15:45 in Kathmandu and 02:00 in Los Angeles.
  const nepal = await world.contact({ country: 'NP' });
  const west = await world.contact({ timezone: 'America/Los_Angeles' });
  await start(nepal);
  await start(west);
  expect((await world.messages()).filter((message) => message.channel === 'in_app')).toMatchObject([
    { status: 'ready' },
    { status: 'ready' },
  ]);
  expect(await world.captured()).toHaveLength(1);
  expect((await last()).sentence).toBe('Held back until 08:00 (America/Los_Angeles) for quiet hours.');
  await world.advance({ hours: 5, minutes: 59 });
  expect(await world.captured()).toHaveLength(1);
  await world.advance({ minutes: 1 });
  expect(await world.captured()).toHaveLength(2);
});

test('a goal that is on the log but that no consumer has come to yet already stops the message', async () => {
  await world.live(definition({ exits: { goals: [{ type: 'bought' }] }, quietHours: { from: '09:00', to: '11:00' } }));
  const ada = await world.contact();
  await start(ada);
  expect(await last()).toMatchObject({ status: 'requested', reason: 'quiet_hours' });
  world.clock.advance({ hours: 2 });
  await world.publish({ type: 'bought', contactId: ada });
  await db.execute(`update bus_consumer set position = 1000000`);
  await world.settle();
  await expectSkipped('goal_met', /bought came first/);
});

test('a contact who no longer matches, or was erased, gets nothing', async () => {
  const trialing = {
    kind: 'contact',
    filter: { version: 1, where: { op: 'text', property: 'billing_status', is: 'is', values: ['trialing'] } },
  };
  const waiting = { quietHours: { from: '09:00', to: '11:00' } };
  await world.live(definition({ exits: { keepWhile: trialing }, ...waiting }));
  const ada = await world.contact({ billing_status: 'trialing' });
  await start(ada);
  await db.query({ text: `update contact set billing_status = 'active' where id = $1`, values: [ada] });
  await world.advance({ hours: 2 });
  await expectSkipped('no_longer_true', /no longer matches/);

  world = await startSequenceWorld({ db });
  await world.live(definition(waiting));
  const erased = await world.contact();
  await start(erased);
  await db.query({ text: 'update contact set erased_at = now() where id = $1', values: [erased] });
  await world.advance({ hours: 2 });
  await expectSkipped('contact_gone', /erased or merged/);
});

test('a person who ends a run takes back what waits, with the reason on the timeline', async () => {
  await world.live(definition({ quietHours: { from: '09:00', to: '11:00' } }));
  await start(await world.contact());
  const [run] = await many<{ id: string }>(db, { text: `select id from enrolment` });
  await expect(
    actOnRun(world.define, { workspaceId: world.workspaceId, runId: run?.id ?? '', action: 'exit', cause: PERSON }),
  ).rejects.toThrow('cannot be ended');
  const steps = [
    { id: 'hello', kind: 'email', content: { format: 'plain', subject: 'Hello', text: 'Hi' } },
    { id: 'wait', kind: 'wait_for', duration: { days: 1 } },
  ];
  await world.live(
    definition({ trigger: { kind: 'event', type: 'again' }, quietHours: { from: '09:00', to: '11:00' }, steps }),
  );
  await world.publish({ type: 'again', contactId: await world.contact() });
  await world.settle();
  const [second] = await many<{ id: string }>(db, { text: `select id from enrolment where status = 'active'` });
  await actOnRun(world.define, {
    workspaceId: world.workspaceId,
    runId: second?.id ?? '',
    action: 'exit',
    cause: PERSON,
  });
  await world.settle();
  expect(await last()).toMatchObject({ status: 'withdrawn', reason: 'run_ended' });
  expect((await world.events('message_skipped')).at(-1)).toMatchObject({ reason: 'run_ended' });
});

test('a paused sequence sends nothing; what is overdue goes or is left out as the person chose', async () => {
  const steps = [
    { id: 'one', kind: 'email', content: { format: 'plain', subject: 'One', text: 'Hi' } },
    { id: 'wait', kind: 'wait_for', duration: { days: 1 } },
    { id: 'two', kind: 'email', content: { format: 'plain', subject: 'Two', text: 'Hi' } },
    { id: 'wait2', kind: 'wait_for', duration: { days: 3 } },
    { id: 'three', kind: 'email', content: { format: 'plain', subject: 'Three', text: 'Hi' } },
  ];
  for (const [overdue, expected] of [
    ['send', ['One', 'Two', 'Three']],
    ['skip', ['One', 'Three']],
  ] as const) {
    world = await startSequenceWorld({ db });
    const sequenceId = await world.live(definition({ steps }));
    await start(await world.contact());
    const target = { workspaceId: world.workspaceId, sequenceId };
    await pauseSequence(world.define, target);
    await world.advance({ days: 2 });
    expect((await world.captured()).map((mail) => mail.subject)).toEqual(['One']);
    await resumeSequence(world.define, { ...target, overdue });
    await world.advance({ days: 5 });
    expect((await world.captured()).map((mail) => mail.subject)).toEqual(expected);
  }
});

test('switching off lets runs finish, or ends them', async () => {
  const steps = [
    { id: 'wait', kind: 'wait_for', duration: { days: 1 } },
    { id: 'two', kind: 'email', content: { format: 'plain', subject: 'Two', text: 'Hi' } },
  ];
  const target = { workspaceId: world.workspaceId, sequenceId: await world.live(definition({ steps })) };
  await start(await world.contact());
  await switchOff(world.define, { ...target, runs: 'finish', cause: PERSON });
  await start(await world.contact());
  await world.advance({ days: 2 });
  expect(await world.captured()).toHaveLength(1);
});

test('a missing value blocks the message and says which; a default lets it through; broken Liquid is no mail', async () => {
  const text = (id: string, body: string): Record<string, unknown> => ({
    id,
    kind: 'email',
    content: { format: 'plain', subject: id, text: body },
  });
  await world.live(
    definition({
      steps: [
        text('missing', 'Hi {{ contact.traits.nickname }},'),
        text('defaulted', 'Hi {{ contact.traits.nickname | default: "there" }},'),
        text('unknown_filter', 'Hi {{ contact.name | shout }},'),
        text('broken', 'Hi {% if %},'),
        text('files', 'Hi {% include "../../../etc/passwd" %}'),
        text('proto', 'Hi {{ contact.constructor }}'),
        text('endless', '{% for i in (1..100000000) %}{{ i }}{% endfor %}'),
      ],
    }),
  );
  await start(await world.contact({ name: 'Ada' }));
  const messages = await world.messages();
  const byStep = new Map(messages.map((message) => [message.stepId, message]));
  expect(byStep.get('missing')).toMatchObject({ status: 'skipped', reason: 'value_missing' });
  expect(byStep.get('missing')?.sentence).toContain('contact.traits.nickname is not known of this contact');
  for (const step of ['unknown_filter', 'broken', 'files', 'endless']) {
    expect(byStep.get(step), step).toMatchObject({ status: 'skipped', reason: 'template_broken' });
  }
  expect(byStep.get('proto')).toMatchObject({ status: 'skipped', reason: 'value_missing' });
  expect((await world.captured()).map((mail) => mail.text)).toEqual([
    'Hi there,\n\n-- \nAnalytical Engines\nUnsubscribe: ' + (await unsubscribeUrl()) + '\n',
  ]);
});

async function unsubscribeUrl(): Promise<string> {
  const [mail] = await world.captured();
  return /<(.+)>/.exec(mail?.headers['List-Unsubscribe'] ?? '')?.[1] ?? '';
}

test('markup in a name stays text in HTML, a link cannot be a script, and a line break cannot make a header', async () => {
  const blocks = [
    { kind: 'heading', text: 'Hi {{ contact.name }}' },
    { kind: 'button', label: 'Go {{ contact.name }}', url: 'https://example.test/?q={{ contact.traits.q }}' },
  ];
  const steps = [
    { id: 'html', kind: 'email', content: { format: 'designed', subject: 'Hi {{ contact.name }}', blocks } },
    {
      id: 'script',
      kind: 'email',
      content: {
        format: 'designed',
        subject: 'x',
        blocks: [{ kind: 'button', label: 'x', url: '{{ contact.traits.url }}' }],
      },
    },
    {
      id: 'nudge',
      kind: 'in_app',
      content: { style: 'card', title: '{{ contact.name }}', cta: { label: 'x', url: '{{ contact.traits.url }}' } },
    },
  ];
  await world.live(definition({ steps }));
  const name = '<img src=x onerror=alert(1)>"\'\r\nBcc: everybody@example.test';
  await start(
    await world.contact({ name, traits: JSON.parse(json({ q: '"><script>1</script>', url: 'javascript:alert(1)' })) }),
  );
  const [mail] = await world.captured();
  expect(mail?.html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  expect(mail?.html).not.toContain('<img src=x');
  expect(mail?.html).not.toContain('<script>1');
  expect(mail?.subject).not.toMatch(/[\r\n]/);
  const messages = await world.messages();
  expect(
    messages
      .filter((message) => message.status === 'skipped')
      .map((message) => message.stepId)
      .toSorted(),
  ).toEqual(['nudge', 'script']);
});

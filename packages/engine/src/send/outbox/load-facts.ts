import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { type Step, armsOf } from '@growthos/contracts/sequence/step.ts';
import { addMs, durationMs } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import { zoneOfPerson } from '#base/local-time.ts';
import { many, type Tx } from '#db/db.ts';
import type { SendFacts } from '../decide.ts';
import type { MessageRow } from '../message-row.ts';
import { type ContactRow, displayName } from '../render-scope.ts';
import type { SendDeps } from '../send-deps.ts';
import { loadSetups, type SendingSetup } from '../sending-rules.ts';

/** Everything that deciding and rendering one message needs. */
export interface LoadedMessage {
  readonly message: MessageRow;
  readonly setup: SendingSetup;
  readonly contact: ContactRow | null;
  readonly zone: string;
  readonly definition: SequenceDefinition | null;
  /** Null: the version that asked for it does not have it (cannot happen with our own writers). */
  readonly step: Step | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly facts: SendFacts;
}

export async function loadMessages(
  deps: SendDeps,
  input: { tx: Tx; messages: readonly MessageRow[] },
): Promise<LoadedMessage[]> {
  const { tx, messages } = input;
  const contactIds = [...new Set(messages.flatMap((message) => message.contact_id ?? []))];
  const setups = await loadSetups(
    { ...deps, db: tx },
    messages.map((message) => message.workspace_id),
  );
  const contacts = await loadContacts(tx, contactIds);
  const definitions = await loadDefinitions(tx, messages);
  const payloads = await loadPayloads(tx, messages);
  const objections = await deps.checkRuns(
    tx,
    messages.flatMap((one) =>
      one.enrolment_id === null ? [] : [{ enrolmentId: one.enrolment_id, requestedAt: one.requested_at }],
    ),
  );
  const people = await loadPeople(tx, {
    contactIds,
    contacts,
    since: addMs(deps.clock.now(), -durationMs({ days: 31 })),
  });
  return messages.flatMap((message) => {
    const setup = setups.get(message.workspace_id);
    if (!setup) return [];
    const contact = contacts.get(message.contact_id ?? '') ?? null;
    const definition = definitions.get(`${message.sequence_id}:${message.sequence_version}`) ?? null;
    const step = definition ? findStep(definition.steps, message.step_id ?? '') : null;
    const zone = zoneOfContact(contact, setup);
    const payload = payloads.get(message.enrolment_id ?? '') ?? {};
    const objection = objections.get(message.enrolment_id ?? '') ?? null;
    const facts = factsOf({
      message,
      setup,
      contact,
      definition,
      step,
      zone,
      objection,
      people,
      now: deps.clock.now(),
    });
    return [{ message, setup, contact, zone, definition, step, payload, facts }];
  });
}

export function zoneOfContact(contact: ContactRow | null, setup: SendingSetup): string {
  const traits = contact?.['traits'];
  const explicit = traits !== null && typeof traits === 'object' && 'timezone' in traits ? traits.timezone : null;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return zoneOfPerson({
    explicit: text(explicit),
    browser: text(contact?.['timezone']),
    country: text(contact?.['country']),
    workspace: setup.zone,
  });
}

export async function loadContacts(tx: Pick<Tx, 'query'>, ids: readonly string[]): Promise<Map<string, ContactRow>> {
  const rows = await many<ContactRow>(tx, {
    name: 'send_contacts',
    text: 'select * from contact where id = any($1::uuid[])',
    values: [[...ids]],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

async function loadDefinitions(tx: Tx, messages: readonly MessageRow[]): Promise<Map<string, SequenceDefinition>> {
  // Many messages of a batch come of one version: it is read once.
  const versions = [...new Map(messages.map((one) => [`${one.sequence_id}:${one.sequence_version}`, one])).values()];
  const rows = await many<{ sequence_id: string; version: number; definition: SequenceDefinition }>(tx, {
    name: 'send_definitions',
    text: `select v.sequence_id, v.version, v.definition
           from unnest($1::uuid[], $2::int[]) as w (id, version)
           join sequence_version v on v.sequence_id = w.id and v.version = w.version`,
    values: [versions.map((one) => one.sequence_id), versions.map((one) => one.sequence_version)],
  });
  return new Map(rows.map((row) => [`${row.sequence_id}:${row.version}`, row.definition]));
}

async function loadPayloads(tx: Tx, messages: readonly MessageRow[]): Promise<Map<string, Record<string, unknown>>> {
  const rows = await many<{ id: string; trigger_data: Record<string, unknown> }>(tx, {
    name: 'send_payloads',
    text: 'select id, trigger_data from enrolment where id = any($1::uuid[])',
    values: [messages.flatMap((message) => message.enrolment_id ?? [])],
  });
  return new Map(rows.map((row) => [row.id, row.trigger_data]));
}

export function findStep(steps: readonly Step[], stepId: string): Step | null {
  for (const step of steps) {
    if (step.id === stepId) return step;
    for (const arm of armsOf(step)) {
      const found = findStep(arm, stepId);
      if (found) return found;
    }
  }
  return null;
}

interface People {
  readonly optedOut: ReadonlySet<string>;
  readonly suppressed: ReadonlyMap<string, string>;
  readonly sentAt: ReadonlyMap<string, readonly Date[]>;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

async function loadPeople(
  tx: Tx,
  input: { contactIds: readonly string[]; contacts: ReadonlyMap<string, ContactRow>; since: Date },
): Promise<People> {
  const ids = [[...input.contactIds]];
  const optedOut = await many<{ contact_id: string; category: string }>(tx, {
    name: 'send_consent',
    text: 'select contact_id, category from consent where contact_id = any($1::uuid[]) and is_opted_out',
    values: ids,
  });
  const addresses = [...input.contacts.values()].flatMap((contact) => addressOf(contact) ?? []);
  const suppressed = await many<{ workspace_id: string; address: string; reason: string }>(tx, {
    name: 'send_suppressed',
    text: 'select workspace_id, address, reason from suppression where address = any($1::text[])',
    values: [addresses],
  });
  // What is on its way counts as sent, so that two workers together keep the limit. Oldest first.
  const sent = await many<{ contact_id: string; at: Date }>(tx, {
    name: 'send_counted',
    text: `select contact_id, coalesce(sent_at, $2) as at from message
           where contact_id = any($1::uuid[]) and channel = 'email' and category <> 'transactional' and not is_test
             and status in ('sent', 'sending') and (sent_at is null or sent_at > $2)
           order by sent_at nulls last`,
    values: [...ids, input.since],
  });
  const roles = await many<{ contact_id: string; role: string }>(tx, {
    name: 'send_roles',
    text: 'select contact_id, role from company_membership where contact_id = any($1::uuid[]) and role is not null',
    values: ids,
  });
  return {
    optedOut: new Set(optedOut.map((row) => `${row.contact_id}:${row.category}`)),
    suppressed: new Map(suppressed.map((row) => [`${row.workspace_id}:${row.address}`, row.reason])),
    sentAt: new Map([...groupBy(sent, (row) => row.contact_id)].map(([id, rows]) => [id, rows.map((row) => row.at)])),
    roles: new Map([...groupBy(roles, (row) => row.contact_id)].map(([id, rows]) => [id, rows.map((row) => row.role)])),
  };
}

/** Addresses are compared folded. */
export function addressOf(contact: ContactRow | null): string | null {
  const email = contact?.['email'];
  return typeof email === 'string' && email.includes('@') ? email.trim().toLowerCase() : null;
}

function factsOf(input: {
  message: MessageRow;
  setup: SendingSetup;
  contact: ContactRow | null;
  definition: SequenceDefinition | null;
  step: Step | null;
  zone: string;
  objection: SendFacts['objection'];
  people: People;
  now: Date;
}): SendFacts {
  const { message, setup, contact, definition, step, people } = input;
  const id = message.contact_id ?? '';
  const reason = people.suppressed.get(`${message.workspace_id}:${addressOf(contact)}`);
  return {
    now: input.now,
    channel: message.channel,
    category: message.category,
    requestedAt: message.requested_at,
    objection: input.objection,
    isDryRun: setup.rules.isDryRun,
    contact:
      contact === null
        ? null
        : {
            name: displayName(contact),
            email: addressOf(contact),
            isGone: contact['merged_into'] !== null || contact['erased_at'] !== null,
            zone: input.zone,
            roles: people.roles.get(id) ?? [],
          },
    rolesWanted: step?.kind === 'email' ? (step.roles ?? null) : null,
    suppression: reason === undefined ? null : { reason },
    isOptedOut: people.optedOut.has(`${id}:${message.category}`),
    quietHours: definition?.quietHours ?? null,
    cap: {
      isExempt: definition?.isExemptFromCaps ?? false,
      limit: setup.rules.capCount,
      windowMs: durationMs({ hours: setup.rules.capWindowHours }),
      sentAt: people.sentAt.get(id) ?? [],
    },
  };
}

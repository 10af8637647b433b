/**
 * The ear of `send` on the bus. In: requests for messages, and the news that a run ended early. Out: one `message` row for
 * one (run, step), whatever is repeated; rows of ended runs withdrawn before they go. Handled in the transaction that
 * moves the consumer's position.
 */
import { UndoneMerge } from '@growthos/contracts/events/engine.ts';
import { MessageCategory, MessageChannel } from '@growthos/contracts/sequence/category.ts';
import { z } from 'zod';
import type { Clock } from '#base/clock.ts';
import { type BusEvent, type Consumer, isStillMerged, type Publisher } from '#bus/index.ts';
import { many, type Tx } from '#db/db.ts';
import { endShownNudges } from './in-app/expire-nudges.ts';
import { messageEvent } from './message-events.ts';
import { MESSAGE_COLUMNS, type MessageRow } from './message-row.ts';

const Request = z.object({
  message_id: z.uuid(),
  channel: MessageChannel,
  enrolment_id: z.uuid(),
  sequence_id: z.uuid(),
  step_id: z.string(),
  title: z.string().nullable(),
  key: z.string(),
  sequence_version: z.number().int(),
  category: MessageCategory,
  priority: z.number().int(),
});

/** Ends that take back what was not sent yet. Having come to the last step takes nothing back. */
const EARLY_ENDS = new Set(['goal', 'left_segment', 'person', 'edited']);

export function messageRequestsConsumer(deps: { clock: Clock; publisher: Publisher }): Consumer {
  return {
    name: 'send-requests',
    types: ['message_requested', 'sequence_exited', 'sequence_goal_met', 'contact_merged', 'contact_split'],
    batchSizeMax: 500,
    from: 'now',
    replay: {
      title: 'Messages of sequences',
      says: 'Asks again for messages that were lost on the way. A message that was sent, skipped or taken back stays so: each step sends once.',
    },
    async handle(tx, events) {
      await storeRequests(
        tx,
        events.filter((event) => event.type === 'message_requested'),
      );
      const ended = events.filter(isEarlyEnd);
      if (ended.length > 0) {
        await withdraw(deps, { tx, ended });
        const enrolmentIds = ended.map((event) => String(event.data['enrolment_id']));
        await endShownNudges(deps, { tx, enrolmentIds });
      }
      for (const event of events) {
        if (event.isReplay === true && !(await isStillMerged(tx, event))) continue;
        if (event.type === 'contact_merged') await moveMerged(tx, event);
        const undone = event.type === 'contact_split' ? UndoneMerge.safeParse(event.data) : null;
        if (undone?.success) await moveBack(tx, undone.data);
      }
    },
  };
}

function isEarlyEnd(event: BusEvent): boolean {
  if (event.type === 'sequence_goal_met') return true;
  return event.type === 'sequence_exited' && EARLY_ENDS.has(String(event.data['reason']));
}

async function storeRequests(tx: Tx, events: readonly BusEvent[]): Promise<void> {
  if (events.length === 0) return;
  const requests = events.map((event) => ({ event, data: Request.parse(event.data) }));
  await tx.query({
    name: 'send_request',
    text: `insert into message (id, workspace_id, key, contact_id, enrolment_id, sequence_id, sequence_version, step_id,
             channel, category, priority, status, subject, requested_at, not_before)
           select u.id, u.workspace_id, u.key, u.contact_id, u.enrolment_id, u.sequence_id, u.version, u.step_id,
             u.channel, u.category, u.priority, 'requested', u.title, u.at, u.at
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $8::text[],
             $9::text[], $10::text[], $11::smallint[], $12::text[], $13::timestamptz[])
             as u (id, workspace_id, key, contact_id, enrolment_id, sequence_id, version, step_id, channel, category,
               priority, title, at)
           on conflict do nothing`,
    values: [
      requests.map(({ data }) => data.message_id),
      requests.map(({ event }) => event.workspaceId),
      requests.map(({ data }) => data.key),
      requests.map(({ event }) => event.contactId),
      requests.map(({ data }) => data.enrolment_id),
      requests.map(({ data }) => data.sequence_id),
      requests.map(({ data }) => data.sequence_version),
      requests.map(({ data }) => data.step_id),
      requests.map(({ data }) => data.channel),
      requests.map(({ data }) => data.category),
      requests.map(({ data }) => data.priority),
      requests.map(({ data }) => data.title),
      requests.map(({ event }) => event.time.toISOString()),
    ],
  });
}

/**
 * Takes back what the run has not said yet. A nudge that lies ready goes too (one on the page: see `endShownNudges`).
 * A message whose last byte is on its way cannot be taken back any more; nor, by a replay, one that a person sends again.
 */
async function withdraw(
  deps: { clock: Clock; publisher: Publisher },
  input: { tx: Tx; ended: readonly BusEvent[] },
): Promise<void> {
  const now = deps.clock.now();
  const sentence = 'Taken back: the run ended before it was sent.';
  const rows = await many<MessageRow>(input.tx, {
    name: 'send_withdraw',
    text: `update message set status = 'withdrawn', ended_at = $2, lease_until = null, reason = 'run_ended',
             reason_sentence = $3
           where id in (select m.id from unnest($1::uuid[], $4::timestamptz[]) as e (enrolment_id, replayed_from)
               join message m on m.enrolment_id = e.enrolment_id
               where e.replayed_from is null or m.requested_at <= e.replayed_from)
             and (status in ('requested', 'ready') or (status = 'sending' and handed_over_at is null))
           returning ${MESSAGE_COLUMNS}`,
    values: [
      input.ended.map((event) => String(event.data['enrolment_id'])),
      now,
      sentence,
      input.ended.map((event) => (event.isReplay === true ? event.recordedAt.toISOString() : null)),
    ],
  });
  deps.publisher.publish(
    input.tx,
    rows.map((row) =>
      messageEvent(row, {
        type: 'message_skipped',
        time: now,
        title: row.subject,
        data: { reason: 'run_ended', sentence },
        once: 'skipped',
      }),
    ),
  );
}

/** A choice that was made after the merge stands. */
async function moveMerged(tx: Tx, event: BusEvent): Promise<void> {
  const { from_contact_id: from, into_contact_id: into } = event.data;
  await tx.query({
    text: `update message set contact_id = $2, origin_contact_id = coalesce(origin_contact_id, $1) where contact_id = $1`,
    values: [from, into],
  });
  // Whoever opted out on either side stays opted out.
  await tx.query({
    text: `insert into consent (workspace_id, contact_id, category, is_opted_out, source, changed_at)
           select workspace_id, $2, category, is_opted_out, source, changed_at from consent where contact_id = $1
           on conflict (workspace_id, contact_id, category) do update
             set is_opted_out = consent.is_opted_out or excluded.is_opted_out where consent.changed_at <= $3`,
    values: [from, into, event.recordedAt],
  });
}

/**
 * A merge was undone: messages that had been asked for the contact which is back go with it, and those of its runs that are
 * not on their way yet. What was sent while the two were one stays with whom it was sent to; so does an opt-out.
 */
async function moveBack(tx: Tx, undone: UndoneMerge): Promise<void> {
  const { from_contact_id: stays, into_contact_id: back, origin_contact_ids: origins } = undone;
  await tx.query({
    text: `update message m set contact_id = $2 where m.contact_id = $1 and (m.origin_contact_id = any($3::uuid[])
             or m.status in ('requested', 'ready') and exists (
               select 1 from enrolment e where e.id = m.enrolment_id and e.origin_contact_id = any($3::uuid[])))`,
    values: [stays, back, [...origins]],
  });
}

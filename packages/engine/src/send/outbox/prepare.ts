/**
 * The first half of sending, in one transaction: take a batch of due messages (SKIP LOCKED), decide each, fill in those
 * that go, and store what comes of it. What needs the network is only leased here (`sending`) and handed over afterwards;
 * nothing is sent from inside the transaction. Captured mail and in-app messages are done with it.
 */
import { addMs, durationMs } from '#base/clock.ts';
import { noCrashes } from '#base/crash-points.ts';
import { groupBy } from '#base/group-by.ts';
import { stableHash } from '#base/ids.ts';
import { many, type Tx } from '#db/db.ts';
import { decide } from '../decide.ts';
import { MESSAGE_COLUMNS, type MessageRow } from '../message-row.ts';
import type { SendDeps } from '../send-deps.ts';
import { type LoadedMessage, loadMessages } from './load-facts.ts';
import { isLeased, type Prepared } from './prepared.ts';
import { renderMessage } from './render-message.ts';
import { storePrepared } from './store-prepared.ts';

export const BATCH_SIZE = 50;

/** Longer than everything that delivering a batch may take, time-outs included. After it a dead worker's messages are free. */
export const LEASE_MS = durationMs({ minutes: 3 });

export async function prepareBatch(deps: SendDeps, tx: Tx): Promise<{ taken: number; leased: Prepared[] }> {
  const now = deps.clock.now();
  const messages = await many<MessageRow>(tx, {
    name: 'send_due',
    text: `select ${MESSAGE_COLUMNS} from message where status = 'requested' and not_before <= $1
           order by not_before, priority desc limit $2 for update skip locked`,
    values: [now, BATCH_SIZE],
  });
  if (messages.length === 0) return { taken: 0, leased: [] };
  await lockPeople(tx, messages);
  const loaded = await loadMessages(deps, { tx, messages: messages.toSorted((a, b) => b.priority - a.priority) });
  const prepared: Prepared[] = [];
  for (const [, ofContact] of groupBy(loaded, (one) => one.message.contact_id ?? one.message.id)) {
    prepared.push(...(await prepareForContact(deps, { tx, loaded: ofContact })));
  }
  await storePrepared(deps, { tx, prepared, leaseUntil: addMs(now, LEASE_MS) });
  (deps.crashes ?? noCrashes).reach('send.prepare.before-commit');
  return { taken: messages.length, leased: prepared.filter((one) => isLeased(deps, one)) };
}

/** The cap counts what others send to the same people: workers take turns per person, in the order of a hash. */
async function lockPeople(tx: Tx, messages: readonly MessageRow[]): Promise<void> {
  const hashes = [
    ...new Set(messages.flatMap((one) => (one.contact_id === null ? [] : [stableHash(one.contact_id) | 0]))),
  ];
  await tx.query({
    name: 'send_lock_people',
    text: `select pg_advisory_xact_lock($1, h.hash) from (select hash from unnest($2::int[]) as u (hash) order by hash offset 0) h`,
    values: [SEND_LOCK, hashes.sort((a, b) => a - b)],
  });
}

/** First key of the advisory locks of this stage. Any number, as long as it is ours. */
const SEND_LOCK = 7_310_010;

async function prepareForContact(
  deps: SendDeps,
  input: { tx: Tx; loaded: readonly LoadedMessage[] },
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  const justSent: Date[] = [];
  for (const loaded of input.loaded) {
    const { facts } = loaded;
    const cap = { ...facts.cap, sentAt: [...facts.cap.sentAt, ...justSent] };
    const decision = decide({ ...facts, cap });
    if (decision.kind !== 'send') {
      prepared.push({ loaded, outcome: decision });
      continue;
    }
    const rendered = await renderMessage(deps, { db: input.tx, loaded });
    if (rendered.kind === 'blocked') prepared.push({ loaded, outcome: { ...rendered, kind: 'skip' } });
    else {
      prepared.push({ loaded, outcome: { kind: 'go', rendered } });
      if (facts.channel === 'email' && facts.category !== 'transactional') justSent.push(facts.now);
    }
  }
  return prepared;
}

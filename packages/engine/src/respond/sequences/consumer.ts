/**
 * The sequences' ear on the bus. One consumer both starts and ends runs, so that the two keep the order of the log: a
 * payment that follows its failure always meets the run that the failure started. Handled in the transaction that moves
 * the consumer's position, so nothing happens twice.
 */
import type { Clock } from '#base/clock.ts';
import type { BusEvent, Consumer, Publisher } from '#bus/index.ts';
import type { Tx } from '#db/db.ts';
import type { MatchContacts } from './contact-matcher.ts';
import { rearmDates } from './date-triggers.ts';
import { enrolByEvents, isStartOf } from './enrol.ts';
import { contactsInRuns, exitByEvents } from './exit.ts';
import { type LoadedSequence, loadLiveSequences } from './load-programs.ts';
import { moveMergedRuns, movesRuns } from './merged-runs.ts';

export interface SequenceConsumerDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly matchContacts: MatchContacts;
}

const BATCH_SIZE = 500;

export function sequenceConsumers(deps: SequenceConsumerDeps): Consumer[] {
  return [
    {
      name: 'sequences',
      types: null,
      batchSizeMax: BATCH_SIZE,
      from: 'now',
      replay: {
        title: 'Sequences',
        says: 'Starts the sequences that should have started by these events and did not. Who has been in a sequence since does not start it again, nothing older than 7 days starts one, and no message is sent twice. Conditions are looked at as they are now.',
      },
      async handle(tx, events) {
        const live = await loadLiveSequences(
          tx,
          events.map((event) => event.workspaceId),
        );
        const concerned = await concernedContacts(deps, { tx, events, live });
        for (const part of partsInOrder(events, concerned)) await handlePart(deps, { tx, events: part, live });
      },
    },
  ];
}

async function handlePart(
  deps: SequenceConsumerDeps,
  input: { tx: Tx; events: readonly BusEvent[]; live: readonly LoadedSequence[] },
): Promise<void> {
  await moveMergedRuns(input);
  await enrolByEvents(deps, input);
  await exitByEvents(deps, input);
  await rearmDates(deps, input);
}

/**
 * Who is in a run, or may start one in this batch; null: anybody may be, because runs move. For all others the order
 * between starts and ends means nothing, and they are most of a busy bus.
 */
async function concernedContacts(
  deps: SequenceConsumerDeps,
  input: { tx: Tx; events: readonly BusEvent[]; live: readonly LoadedSequence[] },
): Promise<ReadonlySet<string> | null> {
  const { tx, events, live } = input;
  if (events.some(movesRuns)) return null;
  const contactIds = events.flatMap(({ contactId }) => (contactId === null ? [] : [contactId]));
  const concerned = new Set(await contactsInRuns(tx, { contactIds, now: deps.clock.now() }));
  for (const event of events) {
    if (event.contactId === null || concerned.has(event.contactId)) continue;
    if (live.some((sequence) => isStartOf(deps, { sequence, event }))) concerned.add(event.contactId);
  }
  return concerned;
}

/**
 * Within a part, starts are done before ends. A goal that is followed by a new start of the same contact must free them
 * first, so a part ends before the second event of a concerned contact that is not directly another of the same type,
 * and before a merge or the undoing of one.
 */
function partsInOrder(events: readonly BusEvent[], concerned: ReadonlySet<string> | null): BusEvent[][] {
  const parts: BusEvent[][] = [];
  let part: BusEvent[] = [];
  let types = new Map<string, string>();
  for (const event of events) {
    const contact = event.contactId !== null && concerned?.has(event.contactId) === false ? null : event.contactId;
    const before = contact === null ? undefined : types.get(contact);
    if (movesRuns(event) || (before !== undefined && before !== event.type)) {
      if (part.length > 0) parts.push(part);
      part = [];
      types = new Map();
    }
    part.push(event);
    if (contact !== null) types.set(contact, event.type);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

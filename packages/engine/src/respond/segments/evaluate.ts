/**
 * The consumer behind live segments. In: every event of the bus. Out: `segment_entered` and `segment_left`, in the same
 * transaction as the memberships they tell of, once per transition, with the event that set them off as their cause.
 * A batch may come twice after a crash: evaluating again finds nothing changed. Per batch and workspace it takes a lock, a
 * look for the segments that read what changed, one statement for all their contacts, and one for the counts.
 * Work depends on the events and on the segments concerned, never on how many contacts there are.
 */
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Clock } from '#base/clock.ts';
import { groupBy } from '#base/group-by.ts';
import type { BusEvent, Consumer, Publisher } from '#bus/index.ts';
import { many, type Db, type Tx } from '#db/db.ts';
import { EVERYTHING, touchedBy } from './depends-on.ts';
import { evaluateMemberships, tellTransitions, type Evaluation, type Transition } from './memberships.ts';
import { followMerges, isAsBefore, restoreSince } from './merged-memberships.ts';
import { hurry, lockWorkspaces, usableTimezone } from './segment-row.ts';

export interface SegmentDeps {
  readonly db: Pick<Db, 'kind'>;
  readonly clock: Clock;
  readonly publisher: Publisher;
}

/** Events in one transaction: large enough to catch up, small enough to keep the workspace's lock short. */
const BATCH_SIZE_MAX = 500;

export function segmentsConsumer(deps: SegmentDeps): Consumer {
  return {
    name: 'segments',
    types: null,
    batchSizeMax: BATCH_SIZE_MAX,
    from: 'oldest',
    replay: {
      title: 'Segments',
      says: 'Looks again at whether these people belong in each segment. Nobody who is in one already enters it again.',
    },
    async handle(tx, events) {
      const byWorkspace = groupBy(
        events.filter((event) => event.contactId !== null),
        (event) => event.workspaceId,
      );
      if (byWorkspace.size === 0) return;
      await hurry(tx);
      await lockWorkspaces(tx, [...byWorkspace.keys()]);
      for (const [workspaceId, list] of byWorkspace) await evaluateEvents(deps, { tx, workspaceId, events: list });
    },
  };
}

interface LiveSegment {
  readonly workspaceTimezone: string;
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly definition: Filter;
  readonly dependsOn: readonly string[];
  readonly nextVersion: number | null;
  readonly nextDefinition: Filter | null;
  readonly nextDependsOn: readonly string[] | null;
}

async function evaluateEvents(
  deps: SegmentDeps,
  input: { tx: Tx; workspaceId: string; events: readonly BusEvent[] },
): Promise<void> {
  const { tx, workspaceId, events } = input;
  const touched = events.map((event) => ({ event, names: touchedBy(event) }));
  const restored = await followMerges(tx, events);
  const segments = await liveSegments(tx, { workspaceId });
  const evaluations: (Evaluation & { contacts: { ids: readonly string[] } })[] = [];
  const causes = new Map<string, Map<string, BusEvent>>();
  for (const segment of segments) {
    const current = contactsTouched(touched, segment.dependsOn);
    causes.set(segment.id, current);
    const { id, version, definition, nextVersion, nextDefinition } = segment;
    if (version > 0) evaluations.push({ segmentId: id, version, filter: definition, contacts: idsOf(current) });
    // An edit that is being computed hears of changes too: it may have passed these contacts already.
    if (nextVersion === null || nextDefinition === null) continue;
    const next = contactsTouched(touched, segment.nextDependsOn ?? []);
    evaluations.push({ segmentId: id, version: nextVersion, filter: nextDefinition, contacts: idsOf(next) });
  }
  if (evaluations.every(({ contacts }) => contacts.ids.length === 0)) return;
  const timezone = await usableTimezone(tx, segments[0]?.workspaceTimezone ?? 'UTC');
  const now = deps.clock.now();
  // A server keeps the plan of a statement that comes again, so all segments stand in it; the embedded one plans anew.
  const asked = deps.db.kind === 'server' ? evaluations : evaluations.filter(({ contacts }) => contacts.ids.length > 0);
  const transitions = await evaluateMemberships(tx, { workspaceId, timezone, now, evaluations: asked });
  await restoreSince(tx, restored);
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  await tellTransitions(deps, {
    tx,
    workspaceId,
    timezone,
    now,
    segments: byId,
    transitions: transitions.filter((transition) => transition.version === byId.get(transition.segmentId)?.version),
    causeOf: (transition) => causeOf(causes, transition),
    isSilent: (transition) => isAsBefore(restored, transition),
  });
}

function idsOf(contacts: ReadonlyMap<string, BusEvent>): { kind: 'ids'; ids: readonly string[] } {
  return { kind: 'ids', ids: [...contacts.keys()] };
}

function causeOf(
  causes: ReadonlyMap<string, ReadonlyMap<string, BusEvent>>,
  transition: Transition,
): { kind: 'event'; id: string | null; type: string | null } {
  const event = causes.get(transition.segmentId)?.get(transition.contactId);
  return { kind: 'event', id: event?.id ?? null, type: event?.type ?? null };
}

/**
 * The segments of the workspace, those that read the same beside each other: a statement holds several of them, and one
 * of whose segments none is concerned is not run.
 */
async function liveSegments(tx: Tx, input: { workspaceId: string }): Promise<LiveSegment[]> {
  return many<LiveSegment>(tx, {
    name: 'segments_live',
    text: `select s.id, s.key, s.name, s.version, s.definition, s.depends_on as "dependsOn", s.next_version as "nextVersion",
             s.next_definition as "nextDefinition", s.next_depends_on as "nextDependsOn", w.timezone as "workspaceTimezone"
           from workspace w join segment s on s.workspace_id = w.id
           where w.id = $1 and s.status <> 'archived' order by s.depends_on, s.id`,
    values: [input.workspaceId],
  });
}

/** The contacts to look at again, each with the last event that concerns the segment. */
function contactsTouched(
  touched: readonly { event: BusEvent; names: readonly string[] }[],
  dependencies: readonly string[],
): Map<string, BusEvent> {
  const found = new Map<string, BusEvent>();
  for (const { event, names } of touched) {
    if (!names.some((name) => name === EVERYTHING || dependencies.includes(name))) continue;
    for (const contactId of contactsOf(event)) found.set(contactId, event);
  }
  return found;
}

function contactsOf(event: BusEvent): string[] {
  const ids = new Set<string>(event.contactId === null ? [] : [event.contactId]);
  if (event.type === 'contact_merged') {
    for (const name of ['from_contact_id', 'into_contact_id']) {
      const id = event.data[name];
      if (typeof id === 'string') ids.add(id);
    }
  }
  return [...ids];
}

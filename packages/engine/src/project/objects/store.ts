/**
 * Stripe's objects as we last knew them. In: tellings of one account, in any order, repeated or not. Out: each object's
 * state before and after. The stored state is that of the newest telling (newest.ts); everything happens in the caller's
 * transaction, under the account's lock, so an event and a backfill page never overtake each other half way.
 */
import type { Clock } from '#base/clock.ts';
import { stableHash } from '#base/ids.ts';
import { json, many, type Tx } from '#db/db.ts';
import { TextArray } from '#db/text-array.ts';
import type { StripeFact } from '../stripe/read.ts';
import { type Marks, marksOf, mergeMarks } from './marks.ts';
import { mergeKnown } from './merge-known.ts';
import { newestOf } from './newest.ts';
import { readTelling } from './read-telling.ts';
import { READ, type Telling } from './telling.ts';

/** Which account, in which mode, belonging to whom. */
export interface AccountScope {
  readonly workspaceId: string;
  readonly stripeAccount: string;
  readonly livemode: boolean;
}

export interface StoredObject {
  readonly type: string;
  readonly id: string;
  readonly customerId: string | null;
  readonly parentId: string | null;
  readonly fact: StripeFact;
  readonly asOfS: number;
  readonly toldBy: string;
  readonly marks: Marks;
  readonly isDeleted: boolean;
}

export interface ObjectChange {
  readonly before: StoredObject | null;
  readonly after: StoredObject;
  /** The state or the marks differ from before: something may follow from it. */
  readonly isChanged: boolean;
  readonly isUncertain: boolean;
}

/** First key of the two-part advisory lock of an account. */
const ACCOUNT_LOCK = 7_310_003;

export async function lockAccount(tx: Tx, scope: AccountScope): Promise<void> {
  const key = stableHash(`${scope.stripeAccount}:${scope.livemode}`) | 0;
  await tx.query({ name: 'object_lock', text: 'select pg_advisory_xact_lock($1, $2)', values: [ACCOUNT_LOCK, key] });
}

export function objectKey(type: string, id: string): string {
  return `${type}/${id}`;
}

/** Stores the tellings; the answer has one entry per object told of, by `objectKey`. Take `lockAccount` before. */
export async function storeTellings(
  deps: { clock: Clock },
  input: { tx: Tx; scope: AccountScope; tellings: readonly Telling[] },
): Promise<Map<string, ObjectChange>> {
  const { tx, scope } = input;
  const byObject = new Map<string, Telling[]>();
  for (const telling of input.tellings) {
    const key = objectKey(telling.type, telling.id);
    const list = byObject.get(key);
    if (list) list.push(telling);
    else byObject.set(key, [telling]);
  }
  const known = await loadObjects(tx, { scope, keys: [...byObject.values()].map(([first]) => first) });
  const changes = new Map<string, ObjectChange>();
  for (const [key, tellings] of byObject) {
    const before = known.get(key) ?? null;
    const ties = before === null ? [] : await storedTies(tx, { scope, before, tellings });
    changes.set(key, fold({ before, tellings, ties }));
  }
  saveObjects(deps, { tx, scope, objects: [...changes.values()].filter((c) => c.isChanged).map((c) => c.after) });
  return changes;
}

function fold(input: {
  before: StoredObject | null;
  tellings: readonly Telling[];
  ties: readonly Telling[];
}): ObjectChange {
  const { before, tellings, ties } = input;
  const marks = tellings.reduce((sum, telling) => mergeMarks(sum, marksOf(telling)), before?.marks ?? {});
  const newest = newestOf([...tellings, ...ties]);
  const isOlder =
    before !== null && (before.isDeleted || (newest.telling.asOfS < before.asOfS && !newest.telling.isDeletion));
  const isSameTelling =
    before !== null && newest.telling.toldBy === before.toldBy && newest.telling.asOfS === before.asOfS;
  if (before !== null && (isOlder || isSameTelling)) {
    const after = { ...before, marks };
    const isUncertain = isSameTelling && newest.isUncertain;
    return { before, after, isChanged: json(marks) !== json(before.marks), isUncertain };
  }
  const { telling } = newest;
  const fact = before === null ? telling.fact : mergeKnown(before.fact, telling.fact);
  const after: StoredObject = {
    type: telling.type,
    id: telling.id,
    customerId: telling.customerId ?? before?.customerId ?? null,
    parentId: telling.parentId ?? before?.parentId ?? null,
    // A deletion carries the id alone: what was known of the object stays readable beside the tombstone.
    fact: telling.isDeletion && before !== null ? before.fact : fact,
    asOfS: telling.asOfS,
    toldBy: telling.toldBy,
    marks,
    isDeleted: telling.isDeletion,
  };
  return { before, after, isChanged: true, isUncertain: newest.isUncertain };
}

interface Row {
  type: string;
  id: string;
  customerId: string | null;
  parentId: string | null;
  fact: StripeFact;
  asOfS: bigint;
  toldBy: string;
  marks: Marks;
  isDeleted: boolean;
}

/** The columns of a stored object; whoever has some facts already gives an expression of its own for them. */
export const objectColumns = (
  fact = 'fact',
): string => `type, id, customer_id as "customerId", parent_id as "parentId", ${fact}, as_of_s as "asOfS",
  told_by as "toldBy", marks, is_deleted as "isDeleted"`;
export const OBJECT_COLUMNS = objectColumns();

export function objectOf(row: Row): StoredObject {
  return { ...row, asOfS: Number(row.asOfS) };
}

async function loadObjects(
  tx: Tx,
  input: { scope: AccountScope; keys: readonly (Telling | undefined)[] },
): Promise<Map<string, StoredObject>> {
  const { scope, keys } = input;
  const rows = await many<Row>(tx, {
    name: 'object_load',
    // One look-up by the primary key for each: a plan for many rows would read the whole table.
    text: `select o.* from unnest($3::text[], $4::text[]) as k (type, id)
           cross join lateral (select ${OBJECT_COLUMNS} from stripe_object s where s.stripe_account = $1
             and s.livemode = $2 and s.type = k.type and s.id = k.id and s.workspace_id = $5 offset 0) o`,
    values: [
      scope.stripeAccount,
      scope.livemode,
      new TextArray(keys.map((key) => key?.type ?? '')),
      new TextArray(keys.map((key) => key?.id ?? '')),
      scope.workspaceId,
    ],
  });
  return new Map(rows.map((row) => [objectKey(row.type, row.id), objectOf(row)]));
}

/** Everything the ledger holds of the object in the very second of its stored state: needed only where a telling ties with it. */
async function storedTies(
  tx: Tx,
  input: { scope: AccountScope; before: StoredObject; tellings: readonly Telling[] },
): Promise<Telling[]> {
  const { scope, before, tellings } = input;
  const isTie = tellings.some((telling) => telling.asOfS === before.asOfS && telling.toldBy !== before.toldBy);
  if (!isTie || before.isDeleted) return [];
  const rows = await many<{ event_id: string; type: string; payload: string }>(tx, {
    text: `select event_id, type, payload from inbox_event
           where workspace_id = $1 and subject = $2 and origin = $3 and created_s = $4 and livemode = $5`,
    values: [scope.workspaceId, before.customerId ?? before.id, scope.stripeAccount, before.asOfS, scope.livemode],
  });
  const ties = rows
    .map((row) => tellingOfPayload(row))
    .filter((telling) => telling !== null)
    .filter((telling) => telling.type === before.type && telling.id === before.id);
  return before.toldBy === READ ? [...ties, asTelling(before)] : ties;
}

/** A state that a read of ours left, as it takes part in a tie: it has no words of its own any more. */
function asTelling(stored: StoredObject): Telling {
  return { ...stored, eventType: null, isDeletion: stored.isDeleted, object: {}, previous: null, change: null };
}

function tellingOfPayload(row: { event_id: string; type: string; payload: string }): Telling | null {
  const event = JSON.parse(row.payload) as {
    created: number;
    data?: { object?: unknown; previous_attributes?: unknown };
  };
  return readTelling(event.data?.object, {
    asOfS: event.created,
    toldBy: row.event_id,
    eventType: row.type,
    previous: event.data?.previous_attributes,
  });
}

const SAVE = {
  name: 'object_save',
  text: `insert into stripe_object (workspace_id, stripe_account, livemode, type, id, customer_id, parent_id, fact, as_of_s,
      told_by, marks, is_deleted, updated_at)
    select $1, $2, $3, o.type, o.id, o.customer_id, o.parent_id, o.fact::json, o.as_of_s, o.told_by, o.marks::json,
      o.is_deleted, $4
    from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[],
      $13::boolean[]) as o (type, id, customer_id, parent_id, fact, as_of_s, told_by, marks, is_deleted)
    on conflict (stripe_account, livemode, type, id) do update set workspace_id = excluded.workspace_id,
      customer_id = excluded.customer_id, parent_id = excluded.parent_id, fact = excluded.fact,
      as_of_s = excluded.as_of_s, told_by = excluded.told_by, marks = excluded.marks,
      is_deleted = excluded.is_deleted, updated_at = excluded.updated_at`,
};

function saveObjects(
  deps: { clock: Clock },
  input: { tx: Tx; scope: AccountScope; objects: readonly StoredObject[] },
): void {
  const { tx, scope, objects } = input;
  if (objects.length === 0) return;
  const { workspaceId, stripeAccount, livemode } = scope;
  tx.send({
    values: [
      workspaceId,
      stripeAccount,
      livemode,
      deps.clock.now(),
      new TextArray(objects.map((object) => object.type)),
      new TextArray(objects.map((object) => object.id)),
      new TextArray(objects.map((object) => object.customerId)),
      new TextArray(objects.map((object) => object.parentId)),
      new TextArray(objects.map((object) => json(object.fact))),
      objects.map((object) => object.asOfS),
      new TextArray(objects.map((object) => object.toldBy)),
      new TextArray(objects.map((object) => json(object.marks))),
      objects.map((object) => object.isDeleted),
    ],
    ...SAVE,
  });
}

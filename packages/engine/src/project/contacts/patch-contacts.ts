/**
 * The one way in which contacts change. In: for each contact, the values that somebody has news of. Out: rows written in
 * one statement, and one `contact_updated` event for each contact that really changed, with every old and new value and
 * the cause. The same news twice changes nothing and tells nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import type { PropertyChange } from '@growthos/contracts/events/engine.ts';
import type { Clock } from '#base/clock.ts';
import type { NewBusEvent, Publisher } from '#bus/index.ts';
import { json, many, type Tx } from '#db/db.ts';
import {
  CONTACT_RECORD_COLUMNS,
  type ContactRecord,
  PROPERTY_SOURCES,
  type PropertySource,
  propertyOfColumn,
  SILENT_COLUMNS,
} from './contact-record.ts';

export interface ContactPatch {
  readonly contactId: string;
  readonly set: Partial<Omit<ContactRecord, 'id' | 'property_sources'>>;
  /** Properties (traits as `traits.<name>`) that the app no longer says anything of: emptied, for weaker sources to fill. */
  readonly forget?: readonly string[];
  /** Who says so. Values under `set` that a stronger source gave are left; null for values that only we compute. */
  readonly source: PropertySource | null;
  readonly isNew: boolean;
  readonly at: Date;
  readonly cause: EventCause | null;
  /** Of the event that tells of it. */
  readonly eventSource: string;
}

export interface PatchDeps {
  readonly clock: Clock;
  readonly publisher: Publisher;
}

const COLUMN_LIST = CONTACT_RECORD_COLUMNS.join(', ');

export async function loadContacts(tx: Tx, contactIds: readonly string[]): Promise<Map<string, ContactRecord>> {
  if (contactIds.length === 0) return new Map();
  const rows = await many<ContactRecord>(tx, {
    name: 'contact_load',
    text: `select id, ${COLUMN_LIST} from contact where id = any($1::uuid[]) order by id for update`,
    values: [[...new Set(contactIds)]],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

export async function patchContacts(
  deps: PatchDeps,
  input: { tx: Tx; workspaceId: string; patches: readonly ContactPatch[]; loaded?: Map<string, ContactRecord> },
): Promise<void> {
  const { tx, workspaceId, patches } = input;
  const records =
    input.loaded ??
    (await loadContacts(
      tx,
      patches.map((patch) => patch.contactId),
    ));
  const changed = new Map<string, { before: ContactRecord; after: ContactRecord; patch: ContactPatch }>();
  for (const patch of patches) {
    const known = changed.get(patch.contactId);
    const before = known?.before ?? records.get(patch.contactId);
    if (!before) continue;
    const after = applyPatch(known?.after ?? before, patch);
    const isNew = patch.isNew || known?.patch.isNew === true;
    changed.set(patch.contactId, { before, after, patch: { ...patch, isNew } });
  }
  const events: NewBusEvent[] = [];
  const written: Changes[] = [];
  for (const { before, after, patch } of changed.values()) {
    const changes = changesBetween(before, after);
    if (changes.length > 0 || patch.isNew) events.push(tell({ workspaceId, patch, changes }));
    const toWrite = changesToWrite({ before, after, isNew: patch.isNew });
    if (toWrite !== null) written.push(toWrite);
  }
  write(deps, { tx, records: written });
  deps.publisher.publish(tx, events);
}

/** The contact with the patch, without the values that a stronger source already gave. */
function applyPatch(before: ContactRecord, patch: ContactPatch): ContactRecord {
  const { source } = patch;
  const traits = { ...before.traits };
  const sources = { ...before.property_sources };
  const after: ContactRecord = { ...before };
  for (const property of patch.forget ?? []) {
    if (sources[property] !== 'app') continue;
    delete sources[property];
    if (property.startsWith('traits.')) delete traits[property.slice('traits.'.length)];
    else Object.assign(after, { [property]: null });
  }
  const mayWrite = (property: string): boolean => {
    const held = sources[property];
    return source === null || held === undefined || PROPERTY_SOURCES.indexOf(source) <= PROPERTY_SOURCES.indexOf(held);
  };
  const assign = <C extends keyof ContactRecord>(column: C, value: ContactRecord[C]): void => {
    if (!mayWrite(column)) return;
    if (source === 'stripe' && value === null) {
      // Stripe no longer says it: what it said before goes, what others said stays.
      if (sources[column] !== 'stripe') return;
      after[column] = value;
      delete sources[column];
      return;
    }
    after[column] = value;
    if (source !== null) sources[column] = source;
  };
  for (const [column, value] of Object.entries(patch.set)) {
    if (value === undefined) continue;
    if (column === 'traits') {
      for (const [name, trait] of Object.entries(value as Record<string, unknown>)) {
        if (!mayWrite(`traits.${name}`)) continue;
        if (trait === null) delete traits[name];
        else traits[name] = trait;
        if (source !== null) sources[`traits.${name}`] = source;
      }
    } else assign(column as keyof ContactRecord, value as never);
  }
  after.traits = traits;
  after.property_sources = sources;
  return after;
}

/** What changed, by property name; money as { amount_minor, currency }, so that a change of currency is seen as one. */
function changesBetween(before: ContactRecord, after: ContactRecord): PropertyChange[] {
  const changes: PropertyChange[] = [];
  for (const column of CONTACT_RECORD_COLUMNS) {
    if (SILENT_COLUMNS.has(column)) continue;
    const isMoney = column === 'mrr_minor' || column === 'ltv_minor';
    if (!isMoney && isSame(before[column], after[column])) continue;
    const [old, now] = [told(before, column), told(after, column)];
    if (!isDeepStrictEqual(old, now)) changes.push({ property: propertyOfColumn(column), old, new: now });
  }
  for (const name of new Set([...Object.keys(before.traits), ...Object.keys(after.traits)])) {
    const [old, now] = [before.traits[name] ?? null, after.traits[name] ?? null];
    if (!isDeepStrictEqual(old, now)) changes.push({ property: `traits.${name}`, old, new: now });
  }
  return changes;
}

/** Most columns of most patches are as they were: that must cost nothing. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime();
  return isDeepStrictEqual(left, right);
}

function told(record: ContactRecord, column: keyof ContactRecord): unknown {
  if (column === 'mrr_minor') return money(record.mrr_minor, record.mrr_currency);
  if (column === 'ltv_minor') return money(record.ltv_minor, record.ltv_currency);
  const value = record[column];
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'bigint' ? Number(value) : value;
}

function money(amountMinor: bigint | null, currency: string | null): unknown {
  return amountMinor === null ? null : { amount_minor: Number(amountMinor), currency };
}

function tell(input: { workspaceId: string; patch: ContactPatch; changes: PropertyChange[] }): NewBusEvent {
  const { workspaceId, patch, changes } = input;
  return {
    workspaceId,
    contactId: patch.contactId,
    type: 'contact_updated',
    source: patch.eventSource,
    time: patch.at,
    data: { is_new: patch.isNew, changes },
    cause: patch.cause,
  };
}

/** Each record with the columns that changed: the others are filled in from the row, which is locked. */
const WRITE = {
  name: 'contact_write',
  text: `update contact c set updated_at = $2, ${CONTACT_RECORD_COLUMNS.map((column) => `${column} = r.${column}`).join(', ')}
         from jsonb_array_elements($1::jsonb) e
         cross join lateral (select k from contact k where k.id = (e.value->>'id')::uuid offset 0) as x (k)
         cross join lateral jsonb_populate_record(x.k, e.value) r
         where c.id = r.id`,
};

type Changes = Partial<Record<keyof ContactRecord, unknown>>;

function write(deps: PatchDeps, input: { tx: Tx; records: readonly Changes[] }): void {
  if (input.records.length === 0) return;
  input.tx.send({ values: [json(input.records), deps.clock.now()], ...WRITE });
}

/** What to write of a contact; null where nothing changed. When it was computed last is no difference of one that is known. */
function changesToWrite(input: { before: ContactRecord; after: ContactRecord; isNew: boolean }): Changes | null {
  const { before, after } = input;
  const changes: Changes = { id: after.id };
  let isDifferent = input.isNew;
  for (const column of CONTACT_RECORD_COLUMNS) {
    const value = after[column];
    if (isSame(before[column], value)) continue;
    if (column !== 'billing_as_of') isDifferent = true;
    // JSON has no bigint; amounts that it could not hold exactly are unknown before they come here.
    changes[column] = typeof value === 'bigint' ? Number(value) : value;
  }
  return isDifferent ? changes : null;
}

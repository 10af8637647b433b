import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#base/errors.ts';
import { isRecord } from '#base/is-record.ts';

/** An event of a file, and where it stands, for people. */
export interface FoundEvent {
  readonly where: string;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface FoundFiles {
  readonly events: readonly FoundEvent[];
  /** Sentences: objects that are no events. */
  readonly skipped: readonly string[];
  /** Sentences: what could not be read. */
  readonly unreadable: readonly string[];
}

/** Reads a file, or a folder and all below it, in the order of their names. */
export function readEventFiles(path: string): FoundFiles {
  const found = { events: [] as FoundEvent[], skipped: [] as string[], unreadable: [] as string[] };
  let files: string[];
  try {
    files = statSync(path).isDirectory() ? filesBelow(path) : [path];
  } catch (error) {
    return { ...found, unreadable: [`${path}: cannot be read (${messageOf(error)})`] };
  }
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const whole = parse(text);
    if (whole.ok) {
      for (const [where, value] of valuesOf(file, whole.value)) sort(found, { where, value });
      continue;
    }
    for (const [nth, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const parsed = parse(line);
      const where = `${file}:${nth + 1}`;
      if (parsed.ok) sort(found, { where, value: parsed.value });
      else found.unreadable.push(`${where}: no JSON (${parsed.reason})`);
    }
  }
  return found;
}

const FILE_NAMES = /\.(json|jsonl|ndjson)$/i;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return FILE_NAMES.test(entry.name) ? [path] : [];
    });
}

function parse(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

/** A JSON file may hold one value, a list of them, or one of Stripe's lists. */
function valuesOf(file: string, value: unknown): [string, unknown][] {
  const list = Array.isArray(value) ? value : isRecord(value) && Array.isArray(value['data']) ? value['data'] : null;
  return list === null ? [[file, value]] : list.map((item, nth) => [`${file} [${nth}]`, item]);
}

function sort(found: { events: FoundEvent[]; skipped: string[] }, input: { where: string; value: unknown }): void {
  const inner = isRecord(input.value) && isRecord(input.value['event']) ? input.value['event'] : input.value;
  if (isEvent(inner)) found.events.push({ where: input.where, event: inner });
  else found.skipped.push(`${input.where}: no event (${nameOf(input.value)}), skipped`);
}

function isEvent(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value) || typeof value['type'] !== 'string') return false;
  if (value['object'] === 'v2.core.event') return true;
  const data = value['data'];
  return (value['object'] === 'event' || value['object'] === undefined) && isRecord(data) && isRecord(data['object']);
}

function nameOf(value: unknown): string {
  if (!isRecord(value)) return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  const object = isRecord(value['body']) ? value['body'] : value;
  return (
    [object['object'], object['id']].filter((part) => typeof part === 'string').join(' ') || 'an object of another kind'
  );
}

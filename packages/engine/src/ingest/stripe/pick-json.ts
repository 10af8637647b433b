/**
 * Reads a few fields out of JSON bytes, and proves that the whole is JSON, without building the rest. Ours, because a
 * webhook's answer waits for it: `JSON.parse` was a fifth of the processor's work per event, nearly all thrown away.
 */
import { JSON_BYTE, noJson, skipBlanks, skipString, skipValue } from './skip-json.ts';

/** The fields wanted of an object. `VALUE` takes what stands there, another shape looks further inside. */
export type JsonShape = readonly ShapeField[];

interface ShapeField {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shape: JsonShape;
}

/** A text, a number, true, false and null as they are; of an object or a list nothing that is inside. */
export const VALUE: JsonShape = [];

export function jsonShape(fields: Readonly<Record<string, JsonShape>>): JsonShape {
  return Object.entries(fields).map(([name, shape]) => ({ name, bytes: Buffer.from(name), shape }));
}

/**
 * What `JSON.parse` gives, less the fields that were not asked for. The bytes have to be UTF-8.
 * @throws SyntaxError where it is no JSON.
 */
export function pickJson(bytes: Buffer, shape: JsonShape): unknown {
  const from = skipBlanks(bytes, 0);
  const picked: Picked = { value: undefined };
  const end = skipBlanks(bytes, pickValue(bytes, { from, shape, into: picked }));
  if (end !== bytes.length) throw noJson(end);
  return picked.value;
}

interface Picked {
  value: unknown;
}

/** Puts the value that begins here into `into`; returns where it ends. */
function pickValue(bytes: Buffer, input: { from: number; shape: JsonShape; into: Picked }): number {
  const { from, shape, into } = input;
  const first = bytes[from];
  if (first === JSON_BYTE.openObject && shape.length > 0) {
    const object: Record<string, unknown> = {};
    into.value = object;
    return pickFields(bytes, { from, shape, object });
  }
  const end = skipValue(bytes, from);
  if (first === JSON_BYTE.openObject) into.value = {};
  else if (first === JSON_BYTE.openArray) into.value = [];
  else into.value = scalarOf(bytes, from, end);
  return end;
}

function pickFields(bytes: Buffer, input: { from: number; shape: JsonShape; object: Record<string, unknown> }): number {
  const { shape, object } = input;
  const picked: Picked = { value: undefined };
  let at = skipBlanks(bytes, input.from + 1);
  if (bytes[at] === JSON_BYTE.closeObject) return at + 1;
  for (;;) {
    const from = skipBlanks(bytes, at);
    const end = skipString(bytes, from);
    const field = fieldOf(bytes, { from, end, shape });
    at = skipBlanks(bytes, end);
    if (bytes[at] !== JSON_BYTE.colon) throw noJson(at);
    at = skipBlanks(bytes, at + 1);
    if (field === undefined) {
      at = skipValue(bytes, at);
    } else {
      at = pickValue(bytes, { from: at, shape: field.shape, into: picked });
      object[field.name] = picked.value;
    }
    at = skipBlanks(bytes, at);
    const byte = bytes[at++];
    if (byte === JSON_BYTE.closeObject) return at;
    if (byte !== JSON_BYTE.comma) throw noJson(at - 1);
  }
}

/** Which field has the name between these two quotes. */
function fieldOf(bytes: Buffer, input: { from: number; end: number; shape: JsonShape }): ShapeField | undefined {
  const { from, end, shape } = input;
  const length = end - from - 2;
  for (const field of shape) if (field.bytes.length === length && isAt(bytes, field.bytes, from + 1)) return field;
  // A name may be written with escapes; no name of Stripe's is.
  if (!hasBackslash(bytes, from, end)) return undefined;
  const name = scalarOf(bytes, from, end);
  return shape.find((field) => field.name === name);
}

function isAt(bytes: Buffer, part: Uint8Array, at: number): boolean {
  for (let nth = 0; nth < part.length; nth++) if (bytes[at + nth] !== part[nth]) return false;
  return true;
}

function scalarOf(bytes: Buffer, from: number, end: number): unknown {
  if (bytes[from] === JSON_BYTE.quote && !hasBackslash(bytes, from, end))
    return bytes.toString('utf8', from + 1, end - 1);
  return JSON.parse(bytes.toString('utf8', from, end)) as unknown;
}

function hasBackslash(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (bytes[at] === JSON_BYTE.backslash) return true;
  return false;
}

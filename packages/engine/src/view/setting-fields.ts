/** A schema of settings as fields that a page can draw: title, sentence, kind of input, value, default. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { SettingField } from '@growthos/contracts/http/settings.ts';
import { z } from 'zod';
import { isRecord } from '#base/is-record.ts';
import { sentenceCase } from './billing-words.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Paths under `skip` have a page of their own. What the stored value lacks has its default. */
export function settingFields(
  schema: z.ZodObject,
  input: { stored: unknown; skip: readonly string[] },
): SettingField[] {
  const root: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const defaults: unknown = schema.parse({});
  const read = schema.safeParse(input.stored ?? {});
  const value: unknown = read.success ? read.data : defaults;
  return isRecord(root) ? fieldsBelow(root, { path: [], value, defaults, skip: input.skip }) : [];
}

interface Place {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly defaults: unknown;
  readonly skip: readonly string[];
}

function fieldsBelow(schema: JsonSchema, place: Place): SettingField[] {
  const properties = schema['properties'];
  if (!isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([name, child]) => {
    const path = [...place.path, name];
    if (!isRecord(child) || place.skip.includes(path.join('.'))) return [];
    const inside: Place = {
      path,
      value: isRecord(place.value) ? place.value[name] : undefined,
      defaults: isRecord(place.defaults) ? place.defaults[name] : undefined,
      skip: place.skip,
    };
    return isRecord(child['properties']) ? fieldsBelow(child, inside) : [toField(child, inside)];
  });
}

function toField(schema: JsonSchema, place: Place): SettingField {
  const name = place.path.at(-1) ?? '';
  const inner = withoutNull(schema);
  const { kind, options } = kindOf(inner);
  return {
    path: place.path.join('.'),
    title: textOf(schema['title']) ?? textOf(inner['title']) ?? sentenceCase(name),
    says: textOf(schema['description']) ?? textOf(inner['description']) ?? '',
    kind,
    options: options.map((value) => ({ value, label: sentenceCase(value) })),
    value: place.value ?? null,
    default: place.defaults ?? null,
    isChanged: !isDeepStrictEqual(place.value, place.defaults),
  };
}

/** A nullable one is `anyOf: [it, null]`. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const choices = schema['anyOf'];
  if (!Array.isArray(choices)) return schema;
  return choices.filter(isRecord).find((choice) => choice['type'] !== 'null') ?? schema;
}

function kindOf(schema: JsonSchema): { kind: SettingField['kind']; options: string[] } {
  if (Array.isArray(schema['enum'])) return { kind: 'choice', options: schema['enum'].map(String) };
  switch (schema['type']) {
    case 'boolean':
      return { kind: 'switch', options: [] };
    case 'integer':
    case 'number':
      return { kind: 'number', options: [] };
    case 'object':
      return { kind: 'map', options: [] };
    case 'array': {
      const items = schema['items'];
      const choices = isRecord(items) ? items['enum'] : undefined;
      return Array.isArray(choices) ? { kind: 'order', options: choices.map(String) } : { kind: 'list', options: [] };
    }
    default:
      return { kind: schema['format'] === 'date' ? 'date' : 'text', options: [] };
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

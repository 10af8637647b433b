import { BILLING_EVENTS } from '../../packages/contracts/src/events/billing.ts';
import { ENGINE_EVENTS } from '../../packages/contracts/src/events/engine.ts';
import { z } from 'zod';

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** `docs/events.md`: every event with its payload, from the schemas that the code parses by. */
export function eventsPage(): string {
  const billing = Object.entries(BILLING_EVENTS).map(([name, event]) =>
    section({ name, says: event.says, from: event.from, schema: event.schema }),
  );
  const engine = Object.entries(ENGINE_EVENTS).map(([name, event]) =>
    section({ name, says: event.says, from: null, schema: event.schema }),
  );
  return [
    '<!-- made by npm run generate from packages/contracts/src/events: do not edit -->',
    '# Events',
    '',
    'Every event on the bus has one envelope: `id`, `type`, `source`, `workspaceId`, `contactId`, `time`, `data`, `cause`. It is delivered at least once, in order for one contact. The tables below are `data`. Money is an integer in the minor unit of the currency beside it; times are ISO 8601 in UTC.',
    '',
    "An app's own events come by `track` under the names that the app gives them. A name of the tables below is reserved: from an app it arrives as `app.<name>`.",
    '',
    '## From Stripe',
    '',
    ...billing,
    '## From GrowthOS itself',
    '',
    ...engine,
  ].join('\n');
}

function section(input: { name: string; says: string; from: readonly string[] | null; schema: z.ZodType }): string {
  const json = z.toJSONSchema(input.schema) as JsonSchema;
  const from =
    input.from === null
      ? []
      : [input.from.length === 0 ? 'From: time.' : `From: ${input.from.map((type) => `\`${type}\``).join(', ')}.`, ''];
  const rows = Object.entries(json.properties ?? {}).map(
    ([name, schema]) => `| \`${name}\` | ${typeOf(schema)} | ${schema.description ?? ''} |`,
  );
  return [
    `### \`${input.name}\``,
    '',
    input.says,
    '',
    ...from,
    '| field | type | |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.type === 'object')
    return schema.properties
      ? Object.keys(schema.properties)
          .map((name) => `\`${name}\``)
          .join(', ')
      : 'object';
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'values'}`;
  return typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? 'any');
}

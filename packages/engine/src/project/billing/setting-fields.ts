/** The billing settings as a page needs them: one entry per choice, made from the schema and nothing else. */
import { z } from 'zod';
import { isRecord } from '#base/is-record.ts';
import { BillingSettingsSchema, DEFAULT_BILLING_SETTINGS } from './settings.ts';

export interface BillingSettingField {
  /** Path in the settings: `discounts.repeating`. */
  readonly path: string;
  readonly title: string;
  /** One plain sentence. */
  readonly description: string;
  readonly kind: 'choice' | 'switch' | 'number' | 'text' | 'list' | 'table';
  /** For `choice` and `list`: what can be chosen. */
  readonly options: readonly string[];
  readonly defaultValue: unknown;
}

interface JsonSchemaNode {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchemaNode;
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
}

export function billingSettingFields(): readonly BillingSettingField[] {
  return fieldsOf(z.toJSONSchema(BillingSettingsSchema, { io: 'input' }) as JsonSchemaNode, '');
}

function fieldsOf(node: JsonSchemaNode, path: string): readonly BillingSettingField[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, inner]) => {
    const own = path === '' ? key : `${path}.${key}`;
    return inner.properties === undefined ? [fieldOf(inner, own)] : fieldsOf(inner, own);
  });
}

function fieldOf(node: JsonSchemaNode, path: string): BillingSettingField {
  return {
    path,
    title: node.title ?? path,
    description: node.description ?? '',
    kind: kindOf(node),
    options: node.enum ?? node.items?.enum ?? [],
    defaultValue: defaultAt(path),
  };
}

function defaultAt(path: string): unknown {
  let value: unknown = DEFAULT_BILLING_SETTINGS;
  for (const key of path.split('.')) value = isRecord(value) ? value[key] : null;
  return value;
}

function kindOf(node: JsonSchemaNode): BillingSettingField['kind'] {
  if (node.enum !== undefined) return 'choice';
  if (node.type === 'boolean') return 'switch';
  if (node.type === 'integer' || node.type === 'number') return 'number';
  if (node.type === 'array') return 'list';
  return node.type === 'object' ? 'table' : 'text';
}

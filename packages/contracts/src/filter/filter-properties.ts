import {
  CONTACT_PROPERTIES,
  type ContactProperty,
  type PropertyInfo,
  type PropertyType,
} from '../contact-properties.ts';

/**
 * Every property that a filter may name, and what kind of thing it is. A company has a name, a domain and the same
 * billing properties as a contact; a contact of several companies passes a company test when one of them does.
 */
const COMPANY_ONLY = {
  name: { type: 'text', label: 'Company name', group: 'person', says: 'As your app or Stripe gave it.' },
  domain: { type: 'text', label: 'Company domain', group: 'person', says: 'Such as analytical.example.' },
} as const satisfies Record<string, PropertyInfo>;

export interface FilterProperty {
  /** The name as it stands in a tree. */
  readonly property: string;
  readonly of: 'contact' | 'trait' | 'company' | 'company_trait';
  /** The name without its prefix. */
  readonly name: string;
  readonly label: string;
  /** Null for a trait: its type is that of the value, and each condition says which one it expects. */
  readonly type: PropertyType | null;
  readonly info: PropertyInfo | null;
}

const BUILT_IN: Readonly<Record<string, PropertyInfo>> = CONTACT_PROPERTIES;

export const COMPANY_PROPERTIES: Readonly<Record<string, PropertyInfo>> = {
  ...COMPANY_ONLY,
  ...Object.fromEntries(
    Object.entries(BUILT_IN)
      .filter(([, info]) => info.group === 'billing')
      .map(([name, info]) => [
        name,
        { ...info, label: `Company ${info.label.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())}` },
      ]),
  ),
};

export function isContactProperty(name: string): name is ContactProperty {
  return Object.hasOwn(BUILT_IN, name);
}

/** What a name in a tree stands for; undefined where nothing has that name. */
export function filterProperty(property: string): FilterProperty | undefined {
  const trait = after(property, 'traits.');
  if (trait !== null) return { property, of: 'trait', name: trait, label: trait, type: null, info: null };
  const companyTrait = after(property, 'company.traits.');
  if (companyTrait !== null) {
    return {
      property,
      of: 'company_trait',
      name: companyTrait,
      label: `company ${companyTrait}`,
      type: null,
      info: null,
    };
  }
  const companyName = after(property, 'company.');
  if (companyName !== null) return known('company', { property, name: companyName, among: COMPANY_PROPERTIES });
  return known('contact', { property, name: property, among: BUILT_IN });
}

function known(
  of: 'contact' | 'company',
  input: { property: string; name: string; among: Readonly<Record<string, PropertyInfo>> },
): FilterProperty | undefined {
  const info = Object.hasOwn(input.among, input.name) ? input.among[input.name] : undefined;
  return info && { property: input.property, of, name: input.name, label: info.label, type: info.type, info };
}

function after(text: string, prefix: string): string | null {
  return text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : null;
}

/** All names that are known beforehand, for lists to choose from and for "did you mean". Traits come from the data. */
export const FILTER_PROPERTY_NAMES: readonly string[] = [
  ...Object.keys(BUILT_IN),
  ...Object.keys(COMPANY_PROPERTIES).map((name) => `company.${name}`),
];

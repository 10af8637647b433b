import type { ContactRef } from '@growthos/contracts/http/money-view.ts';

export interface NamedContact {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly user_id: string | null;
}

/** What a person is called where there is room for one name. Never empty. */
export function contactName(contact: Omit<NamedContact, 'id'>): string {
  return contact.name ?? contact.email ?? contact.user_id ?? 'Unknown person';
}

export function contactRef(contact: NamedContact): ContactRef {
  return { id: contact.id, name: contactName(contact), email: contact.email };
}

/** The same from a left join, whose columns are all null where nobody is. */
export interface JoinedContact {
  readonly contact_id: string | null;
  readonly contact_name: string | null;
  readonly contact_email: string | null;
  readonly contact_user_id: string | null;
}

export const JOINED_CONTACT = `c.id as contact_id, c.name as contact_name, c.email as contact_email,
  c.user_id as contact_user_id`;

export function joinedContactRef(row: JoinedContact): ContactRef | null {
  if (row.contact_id === null) return null;
  return contactRef({
    id: row.contact_id,
    name: row.contact_name,
    email: row.contact_email,
    user_id: row.contact_user_id,
  });
}

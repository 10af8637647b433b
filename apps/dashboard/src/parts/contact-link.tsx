import type { ContactRef } from '@growthos/contracts/http/money-view.ts';
import { Link } from '@tanstack/react-router';

export function ContactLink({ contact }: { contact: ContactRef | null }) {
  if (contact === null) return <span className="text-ink-3">Nobody in particular</span>;
  return (
    <Link
      to="/contacts/$contactId"
      params={{ contactId: contact.id }}
      title={contact.email ?? undefined}
      className="font-medium underline decoration-line-strong/50 underline-offset-2 hover:decoration-current"
    >
      {contact.name}
    </Link>
  );
}

import { useState } from 'react';
import { useFindContacts } from '../api/contacts.ts';
import { Dialog } from '../design/dialog.tsx';
import { Answer } from './answer.tsx';
import { Avatar } from './avatar.tsx';
import { SearchField } from './search-field.tsx';

interface ContactPickerProps {
  readonly open: boolean;
  readonly title: string;
  readonly onClose: () => void;
  readonly onPick: (contact: { id: string; name: string }) => void;
}

/** Choosing one person by the start of a name or address. */
export function ContactPicker({ open, title, onClose, onPick }: ContactPickerProps) {
  return (
    <Dialog open={open} onClose={onClose} title={title} size="sm">
      {open && <Picker onPick={onPick} />}
    </Dialog>
  );
}

function Picker({ onPick }: Pick<ContactPickerProps, 'onPick'>) {
  const [q, setQ] = useState('');
  const found = useFindContacts(q);
  return (
    <>
      <SearchField label="Find a person" placeholder="Name or e-mail" value={q} onChange={setQ} className="mb-2" />
      <Answer query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <p className="py-4 text-center text-ink-2">Nobody of that name.</p>
          ) : (
            <ul>
              {rows.map((row) => (
                <li key={row.id}>
                  <button
                    type="button"
                    className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left -outline-offset-2 hover:bg-sunken"
                    onClick={() => onPick({ id: row.id, name: row.name })}
                  >
                    <Avatar name={row.name} size="sm" />
                    <span className="min-w-0">
                      <span className="block truncate font-medium">{row.name}</span>
                      <span className="block truncate text-[0.8125rem] text-ink-3">
                        {[row.email, row.billingStatusLabel].filter(Boolean).join(', ')}
                      </span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </>
  );
}

import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { Ellipsis, Merge, UserX } from 'lucide-react';
import { useState } from 'react';
import { useMayAdminister, useMayEdit } from '../../api/session.ts';
import { IconButton } from '../../design/button.tsx';
import { Menu, MenuItem } from '../../design/menu.tsx';
import { ForgetPerson } from './forget-person.tsx';
import { MergePerson } from './merge-person.tsx';

/** What is seldom done with a person: merging by hand, and, for admins, forgetting. */
export function ContactMenu({ contact }: { contact: ContactPage }) {
  const mayEdit = useMayEdit();
  const mayAdminister = useMayAdminister();
  const [asked, setAsked] = useState<'merge' | 'forget' | null>(null);
  if (!mayEdit) return null;
  const close = () => setAsked(null);
  return (
    <>
      <Menu
        trigger={
          <IconButton label="More">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        <MenuItem onSelect={() => setAsked('merge')}>
          <Merge aria-hidden /> Merge with another person…
        </MenuItem>
        {mayAdminister && (
          <MenuItem danger onSelect={() => setAsked('forget')}>
            <UserX aria-hidden /> Forget this person…
          </MenuItem>
        )}
      </Menu>
      <MergePerson contact={contact} open={asked === 'merge'} onClose={close} />
      <ForgetPerson contact={contact} open={asked === 'forget'} onClose={close} />
    </>
  );
}

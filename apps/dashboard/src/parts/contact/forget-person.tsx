import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { useNavigate } from '@tanstack/react-router';
import { Ellipsis, UserX } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useEraseContact } from '../../api/contacts.ts';
import { useMayAdminister } from '../../api/session.ts';
import { Button, IconButton } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, Input } from '../../design/field.tsx';
import { Menu, MenuItem } from '../../design/menu.tsx';
import { toast } from '../../design/toast.tsx';

/** "Forget this person…", for admins: for ever, so the address has to be typed. */
export function ForgetPerson({ contact }: { contact: ContactPage }) {
  const mayAdminister = useMayAdminister();
  const [isAsking, setAsking] = useState(false);
  if (!mayAdminister) return null;
  return (
    <>
      <Menu
        trigger={
          <IconButton label="More">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        <MenuItem danger onSelect={() => setAsking(true)}>
          <UserX aria-hidden /> Forget this person…
        </MenuItem>
      </Menu>
      <ForgetDialog contact={contact} open={isAsking} onClose={() => setAsking(false)} />
    </>
  );
}

interface ForgetDialogProps {
  readonly contact: ContactPage;
  readonly open: boolean;
  readonly onClose: () => void;
}

function ForgetDialog({ contact, open, onClose }: ForgetDialogProps) {
  const navigate = useNavigate();
  const erase = useEraseContact(contact.id);
  const formId = useId();
  const [typed, setTyped] = useState('');
  const wanted = contact.email ?? contact.id;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    erase.mutate(typed.trim(), {
      onSuccess: () => {
        toast('Forgotten.');
        void navigate({ to: '/contacts' });
      },
    });
  };
  const close = () => {
    setTyped('');
    erase.reset();
    onClose();
  };
  return (
    <Dialog
      open={open}
      onClose={close}
      title={`Forget ${contact.name} for ever?`}
      size="sm"
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={formId} look="danger" busy={erase.isPending} disabled={typed.trim() !== wanted}>
            Forget for ever
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="space-y-4">
        <p className="text-ink-2">
          What is known of them is erased here: name, addresses, traits, what they did, and messages to them. This
          cannot be taken back. Nothing changes in Stripe.
        </p>
        <Field
          label={contact.email === null ? 'Type the id of this contact' : 'Type their e-mail address'}
          hint={<span className="break-all">{wanted}</span>}
          error={erase.error?.message}
        >
          {(ids) => (
            <Input {...ids} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
          )}
        </Field>
      </form>
    </Dialog>
  );
}

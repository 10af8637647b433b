import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { useEraseContact } from '../../api/contacts.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, Input } from '../../design/field.tsx';
import { toast } from '../../design/toast.tsx';

interface ForgetPersonProps {
  readonly contact: ContactPage;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** For ever, so the address has to be typed. For admins. */
export function ForgetPerson({ contact, open, onClose }: ForgetPersonProps) {
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

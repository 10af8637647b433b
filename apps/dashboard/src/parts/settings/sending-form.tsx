import type { SendingRules } from '@growthos/contracts/http/sending.ts';
import { type FormEvent, useState } from 'react';
import { useSaveSendingRules } from '../../api/settings.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Field, Input, TextArea } from '../../design/field.tsx';
import { Notice } from '../../design/notice.tsx';
import { Switch } from '../../design/switch.tsx';
import { toast } from '../../design/toast.tsx';

type TextKey = 'fromName' | 'fromEmail' | 'replyTo' | 'teamEmail' | 'founderName' | 'founderEmail' | 'checkoutUrl';

const FIELDS: readonly {
  readonly key: TextKey;
  readonly label: string;
  readonly hint: string;
  readonly type: 'text' | 'email' | 'url';
}[] = [
  { key: 'fromName', label: 'From, name', hint: 'Empty: the name of the workspace.', type: 'text' },
  { key: 'fromEmail', label: 'From, address', hint: 'Empty: the address of this server.', type: 'email' },
  { key: 'replyTo', label: 'Answers go to', hint: 'Somebody should read them.', type: 'email' },
  { key: 'founderName', label: 'Founder, name', hint: 'Who signs personal e-mails.', type: 'text' },
  {
    key: 'founderEmail',
    label: 'Founder, address',
    hint: 'Personal e-mails come from it, and notes to the founder go to it.',
    type: 'email',
  },
  { key: 'teamEmail', label: 'Notes to the team go to', hint: 'Empty: to the founder.', type: 'email' },
  {
    key: 'checkoutUrl',
    label: 'Checkout or pricing page',
    hint: 'Discount links lead there, with the code filled in.',
    type: 'url',
  },
];

/** Who writes, where answers go, and how much one person may get. */
export function SendingForm({ rules, canEdit }: { rules: SendingRules; canEdit: boolean }) {
  const [form, setForm] = useState(rules);
  const save = useSaveSendingRules();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form, { onSuccess: () => toast('Saved.') });
  };
  const setText = (key: TextKey, text: string) =>
    setForm({ ...form, [key]: text === '' && key !== 'fromName' ? null : text });
  return (
    <SectionCard title="Sending">
      <form onSubmit={submit} className="space-y-5">
        <Switch
          checked={form.isDryRun}
          disabled={!canEdit}
          onChange={(isDryRun) => setForm({ ...form, isDryRun })}
          label="Rehearsal: no message leaves"
          says="Sequences run and show what they would have sent. With a mail server it is on until you switch it off."
        />
        {form.isDryRun && <Notice tone="warn">While this is on, nobody gets anything from any sequence.</Notice>}
        <div className="grid gap-4 sm:grid-cols-2">
          {FIELDS.map((field) => (
            <Field key={field.key} label={field.label} hint={field.hint}>
              {(ids) => (
                <Input
                  {...ids}
                  type={field.type}
                  disabled={!canEdit}
                  value={form[field.key] ?? ''}
                  onChange={(event) => setText(field.key, event.target.value)}
                />
              )}
            </Field>
          ))}
        </div>
        <Field
          label="Postal address"
          hint="Stands under every e-mail with offers or news, as the law of many countries asks."
        >
          {(ids) => (
            <TextArea
              {...ids}
              maxLength={500}
              disabled={!canEdit}
              value={form.postalAddress}
              onChange={(event) => setForm({ ...form, postalAddress: event.target.value })}
            />
          )}
        </Field>
        <fieldset disabled={!canEdit}>
          <legend className="mb-1 font-medium">Limit per person</legend>
          <p className="flex flex-wrap items-center gap-2">
            At most
            <Input
              aria-label="E-mails"
              type="number"
              min={1}
              max={100}
              required
              className="w-20"
              value={form.capCount}
              onChange={(event) => setForm({ ...form, capCount: event.target.valueAsNumber || 1 })}
            />
            e-mails in
            <Input
              aria-label="Hours"
              type="number"
              min={1}
              max={744}
              required
              className="w-24"
              value={form.capWindowHours}
              onChange={(event) => setForm({ ...form, capWindowHours: event.target.valueAsNumber || 1 })}
            />
            hours. Notices about the account do not count.
          </p>
        </fieldset>
        {save.error !== null && (
          <p role="alert" className="text-bad">
            {save.error.message}
          </p>
        )}
        {canEdit && (
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
        )}
      </form>
    </SectionCard>
  );
}

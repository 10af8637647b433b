import type { MailReportProvider, MailReportSettings } from '@growthos/contracts/http/mail-reports.ts';
import { type FormEvent, useState } from 'react';
import { useMailReports, useRotateMailReports, useSetReportKey } from '../../api/mail-reports.ts';
import { Badge } from '../../design/badge.tsx';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';

type Provider = MailReportSettings['providers'][number];

interface Guide {
  readonly label: string;
  /** What to do with the address there. */
  readonly steps: string;
  /** Where the key is found, for providers that sign. */
  readonly key?: { readonly label: string; readonly hint: string };
}

const GUIDES: Readonly<Record<MailReportProvider, Guide>> = {
  postmark: {
    label: 'Postmark',
    steps: 'In your server: Message stream, Webhooks, Add webhook. Paste the address; tick Bounce and Spam complaint.',
  },
  sendgrid: {
    label: 'SendGrid',
    steps:
      'Settings, Mail Settings, Event Webhook. Paste the address; tick Bounced, Dropped, Deferred and Spam reports. Switch on Signed Event Webhook.',
    key: { label: 'Verification key', hint: 'SendGrid shows it once Signed Event Webhook is on.' },
  },
  mailgun: {
    label: 'Mailgun',
    steps:
      'Sending, Webhooks. Add the address for Permanent failure, Temporary failure and Spam complaints, for your domain.',
    key: { label: 'Webhook signing key', hint: 'In Mailgun: Sending, Webhooks. It is not an API key.' },
  },
  ses: {
    label: 'Amazon SES',
    steps:
      'Make an SNS topic and subscribe the address to it (HTTPS, raw message delivery off). Then, in SES, set the topic for Bounce and Complaint feedback of your identity, with “Include original headers”. The subscription is confirmed by itself.',
  },
  resend: {
    label: 'Resend',
    steps: 'Webhooks, Add webhook. Paste the address; choose email.bounced, email.complained, email.delivery_delayed.',
    key: { label: 'Signing secret', hint: 'On the webhook’s page; it starts with whsec_.' },
  },
  mime: {
    label: 'Your own mail server',
    steps:
      'Let the mailbox that bounces go to hand each mail to this address, as it came (message/rfc822), or to the command “npm run mail:report”. How, for Postfix and others: docs/operations.md.',
  },
};

/** How this server hears of mails that came back or were reported, so that it stops writing to those addresses. */
export function MailReports({ canEdit }: { canEdit: boolean }) {
  return (
    <SectionCard
      title="Bounces and complaints"
      says="Tell your mail provider where to report mails that came back or were marked as spam. Those addresses then get nothing more."
    >
      {canEdit ? <Setup /> : <p className="text-ink-2">An admin or owner can set this up.</p>}
    </SectionCard>
  );
}

function Setup() {
  const settings = useMailReports();
  const [chosen, setChosen] = useState<MailReportProvider | null>(null);
  return (
    <Answer query={settings}>
      {({ providers }) => {
        const heard = providers.find((one) => one.lastAt !== null);
        const shown = providers.find((one) => one.key === (chosen ?? heard?.key)) ?? providers[0];
        if (shown === undefined) return null;
        return (
          <div className="space-y-4">
            <Field label="Who sends your mail" className="sm:max-w-72">
              {(ids) => (
                <Select
                  {...ids}
                  value={shown.key}
                  onChange={(event) => setChosen(providers.find((one) => one.key === event.target.value)?.key ?? null)}
                >
                  {providers.map((one) => (
                    <option key={one.key} value={one.key}>
                      {GUIDES[one.key].label}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <p className="text-ink-2">{GUIDES[shown.key].steps}</p>
            <Address provider={shown} />
            <SigningKey key={shown.key} provider={shown} />
            <Heard provider={shown} />
            <NewAddresses />
          </div>
        );
      }}
    </Answer>
  );
}

function Address({ provider }: { provider: Provider }) {
  return (
    <div>
      <p className="mb-1 font-medium">Secret address</p>
      <div className="flex items-start gap-1 rounded-lg border bg-sunken py-1.5 pr-1 pl-3">
        <code className="min-w-0 flex-1 py-1 font-mono text-xs break-all">{provider.url}</code>
        <CopyButton text={provider.url} what="address" />
      </div>
    </div>
  );
}

function SigningKey({ provider }: { provider: Provider }) {
  const guide = GUIDES[provider.key].key;
  const save = useSetReportKey();
  const [key, setKey] = useState('');
  if (guide === undefined) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ provider: provider.key, key }, { onSuccess: () => setKey('') });
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-start gap-2">
      <Field
        label={
          <>
            {guide.label} <KeyState provider={provider} />
          </>
        }
        hint={guide.hint}
        error={save.error?.message}
        className="flex-1 basis-64"
      >
        {(ids) => (
          <Input
            {...ids}
            required
            type="password"
            autoComplete="off"
            placeholder={provider.hasKey ? 'Stored. Paste another to replace it.' : ''}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <div className="flex gap-2 pt-6.5">
        <Button type="submit" busy={save.isPending}>
          Save key
        </Button>
        {provider.hasKey && (
          <Button look="danger" onClick={() => save.mutate({ provider: provider.key, key: null })}>
            Take away
          </Button>
        )}
      </div>
    </form>
  );
}

function KeyState({ provider }: { provider: Provider }) {
  if (provider.hasKey) return <Badge tone="good">every call is checked</Badge>;
  return provider.signing === 'required' ? (
    <Badge tone="warn">needed: calls are refused without it</Badge>
  ) : (
    <Badge>advised</Badge>
  );
}

function Heard({ provider: { lastAt, received } }: { provider: Provider }) {
  if (lastAt === null) return <p className="text-ink-2">Nothing was heard from here yet.</p>;
  const said = [
    [received.recorded, 'blocked an address'],
    [received.noted, 'came back for now'],
    [received.known, 'known already'],
    [received.unknown_message, 'of other mail'],
    [received.ignored, 'without effect'],
    [received.refused, 'refused: the key does not match'],
  ] as const;
  return (
    <p className="text-ink-2">
      Last heard <TimeAgo at={lastAt} />:{' '}
      {said
        .filter(([count]) => count > 0)
        .map(([count, words]) => `${count.toLocaleString('en')} ${words}`)
        .join(', ')}
      .
    </p>
  );
}

function NewAddresses() {
  const [isAsking, setAsking] = useState(false);
  const rotate = useRotateMailReports();
  return (
    <>
      <Button size="sm" onClick={() => setAsking(true)}>
        Make new addresses
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title="Make new addresses?"
        action="Make new addresses"
        danger
        busy={rotate.isPending}
        error={rotate.error?.message}
        onConfirm={() => rotate.mutate(undefined, { onSuccess: () => setAsking(false) })}
      >
        The addresses of all providers change, and the old ones are refused at once. Do this when somebody has seen one
        who should not. Paste the new one at your provider afterwards.
      </Confirm>
    </>
  );
}

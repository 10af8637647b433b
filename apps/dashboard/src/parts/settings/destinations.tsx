import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import {
  useAddDestination,
  useAddEndpoint,
  useLiftSuppression,
  useRemoveDestination,
  useRemoveEndpoint,
  useSuppressions,
  useTeamDestinations,
  useWebhookEndpoints,
} from '../../api/sequences.ts';
import { Badge } from '../../design/badge.tsx';
import { Button, IconButton } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { Answer } from '../answer.tsx';
import { SecretOnce } from './secret-once.tsx';

const fail = (error: Error) => toast(error.message, 'bad');

/** Where notes to the team can go: e-mail addresses and Slack-compatible webhooks. */
export function TeamDestinations({ canEdit }: { canEdit: boolean }) {
  const destinations = useTeamDestinations();
  const add = useAddDestination();
  const remove = useRemoveDestination();
  const [kind, setKind] = useState<'email' | 'slack'>('email');
  const [name, setName] = useState('');
  const [where, setWhere] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(kind === 'email' ? { kind, name, address: where } : { kind, name, url: where }, {
      onSuccess: () => {
        setName('');
        setWhere('');
      },
    });
  };
  return (
    <SectionCard title="Destinations for notes to the team" says="Steps that tell the team choose one of these.">
      <Answer query={destinations}>
        {({ rows }) => (
          <ul className="divide-y">
            {rows.length === 0 && <li className="py-2 text-ink-2">None yet: notes go to the founder’s e-mail.</li>}
            {rows.map((row) => (
              <li key={row.id} className="flex items-center justify-between gap-3 py-2">
                <span className="min-w-0">
                  <span className="font-medium">{row.name}</span> <span className="text-ink-2">{row.shown}</span>
                </span>
                {canEdit && (
                  <IconButton
                    label={`Remove ${row.name}`}
                    size="iconSm"
                    onClick={() => remove.mutate(row.id, { onError: fail })}
                  >
                    <Trash2 aria-hidden />
                  </IconButton>
                )}
              </li>
            ))}
          </ul>
        )}
      </Answer>
      {canEdit && (
        <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-2 border-t pt-3">
          <Field label="Kind">
            {(ids) => (
              <Select
                {...ids}
                className="w-auto"
                value={kind}
                onChange={(event) => setKind(event.target.value === 'slack' ? 'slack' : 'email')}
              >
                <option value="email">E-mail</option>
                <option value="slack">Slack webhook</option>
              </Select>
            )}
          </Field>
          <Field label="Name" className="flex-1 basis-32">
            {(ids) => <Input {...ids} required value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <Field
            label={kind === 'email' ? 'Address' : 'Webhook address'}
            className="flex-2 basis-52"
            error={add.error?.message}
          >
            {(ids) => (
              <Input
                {...ids}
                required
                type={kind === 'email' ? 'email' : 'url'}
                value={where}
                onChange={(event) => setWhere(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" busy={add.isPending}>
            <Plus aria-hidden /> Add
          </Button>
        </form>
      )}
    </SectionCard>
  );
}

/** Other systems that are told of events. Each gets a secret to check signatures with, shown once. */
export function WebhookEndpoints({ canEdit }: { canEdit: boolean }) {
  const endpoints = useWebhookEndpoints();
  const add = useAddEndpoint();
  const remove = useRemoveEndpoint();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const eventTypes = types
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean);
    add.mutate(
      { name, url, eventTypes },
      {
        onSuccess: () => {
          setName('');
          setUrl('');
          setTypes('');
        },
      },
    );
  };
  return (
    <SectionCard title="Webhooks to other systems" says="Signed as the Standard Webhooks say.">
      <Answer query={endpoints}>
        {({ rows }) => (
          <ul className="divide-y">
            {rows.length === 0 && <li className="py-2 text-ink-2">None yet.</li>}
            {rows.map((row) => (
              <li key={row.id} className="flex items-center justify-between gap-3 py-2">
                <span className="min-w-0">
                  <span className="font-medium">{row.name}</span>{' '}
                  <span className="break-all text-ink-2">{row.url}</span>{' '}
                  {row.status === 'disabled' && (
                    <Badge tone="bad">Switched off{row.disabledReason === null ? '' : `: ${row.disabledReason}`}</Badge>
                  )}
                  <span className="block text-[0.8125rem] text-ink-3">
                    {row.eventTypes.length === 0 ? 'Only steps of sequences' : row.eventTypes.join(', ')}
                  </span>
                </span>
                {canEdit && (
                  <IconButton
                    label={`Remove ${row.name}`}
                    size="iconSm"
                    onClick={() => remove.mutate(row.id, { onError: fail })}
                  >
                    <Trash2 aria-hidden />
                  </IconButton>
                )}
              </li>
            ))}
          </ul>
        )}
      </Answer>
      {add.data !== undefined && <SecretOnce title="Signing secret" secret={add.data.secret} />}
      {canEdit && (
        <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-2 border-t pt-3">
          <Field label="Name" className="flex-1 basis-32">
            {(ids) => <Input {...ids} required value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <Field label="Address" className="flex-2 basis-52">
            {(ids) => (
              <Input {...ids} required type="url" value={url} onChange={(event) => setUrl(event.target.value)} />
            )}
          </Field>
          <Field label="Events (optional)" className="flex-1 basis-40" error={add.error?.message}>
            {(ids) => (
              <Input
                {...ids}
                placeholder="payment_recovered, …"
                value={types}
                onChange={(event) => setTypes(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" busy={add.isPending}>
            <Plus aria-hidden /> Add
          </Button>
        </form>
      )}
    </SectionCard>
  );
}

/** Addresses that get nothing, because mail to them came back or was reported. */
export function Suppressions({ canEdit }: { canEdit: boolean }) {
  const suppressions = useSuppressions();
  const lift = useLiftSuppression();
  return (
    <SectionCard title="Addresses that get nothing" says="Mail to them came back, or was reported as spam.">
      <Answer query={suppressions}>
        {({ rows }) => (
          <ul className="divide-y">
            {rows.length === 0 && <li className="py-2 text-ink-2">None.</li>}
            {rows.map((row) => (
              <li key={row.address} className="flex flex-wrap items-center justify-between gap-3 py-2">
                <span className="min-w-0">
                  <span className="font-medium break-all">{row.address}</span>
                  <span className="block text-[0.8125rem] text-ink-3">
                    Blocked <TimeAgo at={row.at} />, because {row.reason}.
                    {row.detail !== null && ` The other side said: ${row.detail}`}
                  </span>
                </span>
                {canEdit && (
                  <Button size="sm" onClick={() => lift.mutate(row.address, { onError: fail })}>
                    Allow again
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </SectionCard>
  );
}

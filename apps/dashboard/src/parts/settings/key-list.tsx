import type { Keys } from '@growthos/contracts/http/members.ts';
import { snippetFor } from '@growthos/contracts/snippet.ts';
import { KeyRound, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useKeys, useMakeApiKey, useMakeWriteKey, useRevokeKey } from '../../api/settings.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { SecretOnce } from './secret-once.tsx';

/** Keys for your pages (public, may only send) and for programs (secret). */
export function KeyList({ canEdit }: { canEdit: boolean }) {
  const keys = useKeys();
  return (
    <Answer query={keys}>
      {(data) => (
        <>
          <WriteKeys keys={data.writeKeys} canEdit={canEdit} />
          <ApiKeys keys={data.apiKeys} canEdit={canEdit} />
        </>
      )}
    </Answer>
  );
}

const snippet = (writeKey: string): string =>
  snippetFor({ scriptUrl: `${window.location.origin}/sdk/growthos.js`, writeKey });

function WriteKeys({ keys, canEdit }: { keys: Keys['writeKeys']; canEdit: boolean }) {
  const make = useMakeWriteKey();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(name, { onSuccess: () => setName('') });
  };
  return (
    <SectionCard
      title="Snippet for your app"
      says="Put it into your pages: it tells what people do, and shows nudges. Its key is public and can only send."
    >
      <ul className="space-y-4">
        {keys.map((one) => (
          <li key={one.id}>
            <div className="flex flex-wrap items-center justify-between gap-2">
              <span>
                <span className="font-medium">{one.name}</span>{' '}
                <span className="text-ink-3">
                  made <TimeAgo at={one.createdAt} />
                </span>
              </span>
              {canEdit && <Revoke kind="write" id={one.id} name={one.name} />}
            </div>
            <div className="mt-1.5 flex items-start gap-1 rounded-lg border bg-sunken py-1.5 pr-1 pl-3">
              <code className="min-w-0 flex-1 py-1 font-mono text-xs break-all whitespace-pre-wrap">
                {snippet(one.key)}
              </code>
              <CopyButton text={snippet(one.key)} what="snippet" />
            </div>
          </li>
        ))}
        {keys.length === 0 && <li className="text-ink-2">No key yet. Make one to begin.</li>}
      </ul>
      {canEdit && (
        <form onSubmit={submit} className="mt-4 flex flex-wrap items-end gap-2 border-t pt-3">
          <Field label="Name of a new key" className="flex-1 basis-52" error={make.error?.message}>
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={120}
                placeholder="Web app"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" busy={make.isPending}>
            <Plus aria-hidden /> Make a key
          </Button>
        </form>
      )}
    </SectionCard>
  );
}

const SCOPES = [
  ['read', 'May read'],
  ['write', 'May also send product events, and change segments, sequences, contacts'],
  ['admin', 'May also change settings'],
] as const;

function ApiKeys({ keys, canEdit }: { keys: Keys['apiKeys']; canEdit: boolean }) {
  const make = useMakeApiKey();
  const [name, setName] = useState('');
  const [scope, setScope] = useState('read');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name, scope }, { onSuccess: () => setName('') });
  };
  return (
    <SectionCard
      title="API keys"
      says="For your servers and programs. Secret: whoever has one acts in your name, and what it says of e-mail addresses is believed."
    >
      <ul className="divide-y">
        {keys.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center justify-between gap-3 py-2">
            <span className="min-w-0">
              <span className="flex items-center gap-1.5 font-medium">
                <KeyRound className="size-4 text-ink-3" aria-hidden /> {one.name}
              </span>
              <span className="text-[0.8125rem] text-ink-3">
                <code>{one.hint}</code>, {SCOPES.find(([value]) => value === one.scope)?.[1]},{' '}
                {one.lastUsedAt === null ? (
                  'never used'
                ) : (
                  <>
                    last used <TimeAgo at={one.lastUsedAt} />
                  </>
                )}
              </span>
            </span>
            {canEdit && <Revoke kind="api" id={one.id} name={one.name} />}
          </li>
        ))}
        {keys.length === 0 && <li className="py-2 text-ink-2">None.</li>}
      </ul>
      {make.data !== undefined && <SecretOnce title="API key" secret={make.data.key} />}
      {canEdit && (
        <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-2 border-t pt-3">
          <Field label="Name of a new key" className="flex-1 basis-40" error={make.error?.message}>
            {(ids) => (
              <Input {...ids} required maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
            )}
          </Field>
          <Field label="What it may do">
            {(ids) => (
              <Select
                {...ids}
                className="w-auto max-w-full"
                value={scope}
                onChange={(event) => setScope(event.target.value)}
              >
                {SCOPES.map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Button type="submit" busy={make.isPending}>
            <Plus aria-hidden /> Make a key
          </Button>
        </form>
      )}
    </SectionCard>
  );
}

function Revoke({ kind, id, name }: { kind: 'api' | 'write'; id: string; name: string }) {
  const revoke = useRevokeKey();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button size="sm" look="danger" onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Revoke “${name}”?`}
        action="Revoke"
        danger
        busy={revoke.isPending}
        error={revoke.error?.message}
        onConfirm={() => revoke.mutate({ kind, id }, { onSuccess: () => setAsking(false) })}
      >
        Whatever uses it stops working at once. This cannot be undone.
      </Confirm>
    </>
  );
}

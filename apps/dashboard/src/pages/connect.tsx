import type { ConnectionsAnswer, RestrictedKeyAnswer } from '@growthos/contracts/http/connections.ts';
import { getRouteApi } from '@tanstack/react-router';
import { ExternalLink, KeyRound, PlugZap } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useConnectByKey, useConnections, useStartConnect } from '../api/connections.ts';
import { useSession } from '../api/session.ts';
import { Button, buttonClass } from '../design/button.tsx';
import { Card, SectionCard } from '../design/card.tsx';
import { Field, Input } from '../design/field.tsx';
import { Notice } from '../design/notice.tsx';
import { Answer } from '../parts/answer.tsx';
import { ConnectionCard } from '../parts/connection-card.tsx';
import { Page } from '../parts/page.tsx';
import { PermissionList, ReadOnlyPromise } from '../parts/permission-list.tsx';

const route = getRouteApi('/app/connect');

/** Connecting Stripe: what is read and why, the ways in, and how each connected account is doing. */
export function ConnectPage() {
  const { connected, error } = route.useSearch();
  const connections = useConnections();
  const role = useSession().data?.role;
  const mayEdit = role === 'owner' || role === 'admin';
  return (
    <Page title="Stripe" says="Connect your Stripe account, and see whether everything arrives.">
      <div className="space-y-5">
        {error !== undefined && <Notice tone="bad">{error}</Notice>}
        {connected !== undefined && error === undefined && (
          <Notice tone="good">
            Stripe is connected. We are reading what is already there; you can look around meanwhile.
          </Notice>
        )}
        <Answer query={connections}>
          {(answer) => (
            <>
              {answer.connections.map((connection) => (
                <ConnectionCard key={connection.id} connection={connection} mayEdit={mayEdit} />
              ))}
              {mayEdit ? (
                <WaysIn answer={answer} isFirst={answer.connections.every((one) => one.status !== 'active')} />
              ) : (
                <Notice>An admin or owner of this workspace can connect and disconnect Stripe accounts.</Notice>
              )}
              <ReadOnlyPromise promise={answer.promise} />
              <SectionCard title="What is read, and why" says="Nothing here lets anybody change your billing.">
                <PermissionList permissions={answer.permissions} />
              </SectionCard>
            </>
          )}
        </Answer>
      </div>
    </Page>
  );
}

function WaysIn({ answer, isFirst }: { answer: ConnectionsAnswer; isFirst: boolean }) {
  const start = useStartConnect();
  const ways = answer.methods.filter((way) => way.method !== 'restricted_key');
  return (
    <Card className="p-5">
      <h2 className="text-base font-semibold">{isFirst ? 'Connect your Stripe account' : 'Connect another account'}</h2>
      <p className="mt-1 max-w-2xl text-ink-2">
        You are sent to Stripe, choose the account, and come back here. It takes about a minute and nothing in Stripe
        changes.
      </p>
      <div className="mt-4 flex flex-wrap gap-2">
        {ways.map(({ method, isAvailable }) => {
          const which = method === 'app' ? 'app' : 'connect';
          if (!isAvailable) return null;
          return (
            <Button
              key={method}
              look={which === 'connect' && isFirst ? 'primary' : 'secondary'}
              busy={start.isPending && start.variables === which}
              onClick={() => start.mutate(which)}
            >
              <PlugZap aria-hidden /> {which === 'connect' ? 'Connect Stripe' : 'Install the Stripe App'}
            </Button>
          );
        })}
      </div>
      {start.error !== null && (
        <p role="alert" className="mt-3 text-bad">
          {start.error.message}
        </p>
      )}
      {ways
        .filter((way) => !way.isAvailable && way.reason !== null)
        .map((way) => (
          <p key={way.method} className="mt-3 text-[0.8125rem] text-ink-3">
            {way.method === 'connect' ? 'Stripe Connect' : 'Stripe App'}: {way.reason}
          </p>
        ))}
      <details className="mt-4 border-t pt-4" open={ways.every((way) => !way.isAvailable)}>
        <summary className="font-medium">Or connect with a restricted key (no registration needed)</summary>
        <RestrictedKey url={answer.restrictedKeyUrl} />
      </details>
    </Card>
  );
}

function RestrictedKey({ url }: { url: string }) {
  const connect = useConnectByKey();
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    connect.mutate(key, {
      onSuccess: (answer) => {
        if (answer.outcome === 'connected') setKey('');
      },
    });
  };
  return (
    <ol className="mt-3 max-w-2xl list-inside list-decimal space-y-4 marker:font-semibold">
      <li>
        <span>Make the key at Stripe. Its name and read permissions are filled in for you.</span>
        <div className="mt-2">
          <a href={url} target="_blank" rel="noreferrer" className={buttonClass({})}>
            <ExternalLink aria-hidden /> Open Stripe
          </a>
        </div>
      </li>
      <li>
        <span>Paste it here. It is encrypted before it is stored and never shown again.</span>
        <form onSubmit={submit} className="mt-2 flex flex-wrap items-end gap-2">
          <Field label="Restricted key" className="min-w-56 flex-1" error={connect.error?.message}>
            {(ids) => (
              <Input
                {...ids}
                required
                autoComplete="off"
                spellCheck={false}
                placeholder="rk_live_…"
                value={key}
                onChange={(event) => setKey(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" look="primary" busy={connect.isPending}>
            <KeyRound aria-hidden /> Connect
          </Button>
        </form>
        {connect.data !== undefined && <KeyOutcome answer={connect.data} />}
      </li>
    </ol>
  );
}

function KeyOutcome({ answer }: { answer: RestrictedKeyAnswer }) {
  if (answer.outcome === 'connected') {
    return (
      <Notice tone="good" className="mt-3">
        Connected. We are reading what is already there.
      </Notice>
    );
  }
  return (
    <div role="alert" className="mt-3 space-y-3">
      <Notice tone={answer.outcome === 'refused' ? 'bad' : 'warn'}>{answer.sentence}</Notice>
      {answer.outcome === 'missing_permissions' && <PermissionList permissions={answer.permissions} />}
    </div>
  );
}

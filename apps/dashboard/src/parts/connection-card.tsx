import type { Connection } from '@growthos/contracts/http/connections.ts';
import { CircleAlert, CircleCheck, CirclePause, Clock, type LucideIcon, Unplug } from 'lucide-react';
import { useState } from 'react';
import {
  useCheckEndpoint,
  useDisconnect,
  useDriftReports,
  useReadEverythingAgain,
  useReconcile,
} from '../api/connections.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card } from '../design/card.tsx';
import { Confirm } from '../design/confirm.tsx';
import { TimeAgo } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';
import type { Tone } from '../design/tone.ts';
import { Answer } from './answer.tsx';
import { Backfill } from './backfill.tsx';
import { ChangeSecret, SecretChange } from './change-secret.tsx';
import { Facts } from './facts.tsx';
import { PermissionList } from './permission-list.tsx';

const METHOD = { connect: 'Stripe Connect', app: 'Stripe App', restricted_key: 'Restricted key' } as const;
const DELIVERY = {
  platform_endpoint: 'Stripe calls us the moment something happens',
  own_endpoint: 'Stripe calls us the moment something happens (an endpoint in your account)',
  polling: 'We ask Stripe once a minute',
} as const;
const HEALTH: Record<Connection['health']['state'], { tone: Tone; word: string; icon: LucideIcon }> = {
  healthy: { tone: 'good', word: 'Healthy', icon: CircleCheck },
  quiet: { tone: 'mute', word: 'Quiet', icon: CirclePause },
  behind: { tone: 'warn', word: 'Behind', icon: Clock },
  failing: { tone: 'bad', word: 'Failing', icon: CircleAlert },
  disconnected: { tone: 'mute', word: 'Disconnected', icon: Unplug },
};

/** One Stripe account: whether all is well in a sentence, the backfill, and what can be done. */
export function ConnectionCard({ connection, mayEdit }: { connection: Connection; mayEdit: boolean }) {
  const health = HEALTH[connection.health.state];
  const Icon = health.icon;
  return (
    <Card className="p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-center gap-2 text-base font-semibold">
            {connection.displayName ?? connection.account}
            <Badge tone={connection.livemode ? 'good' : 'warn'}>{connection.livemode ? 'Live' : 'Test mode'}</Badge>
            <Badge tone={health.tone} icon={<Icon aria-hidden />}>
              {health.word}
            </Badge>
          </h2>
          <p className="mt-1 text-ink-2">{connection.health.sentence}</p>
        </div>
        {mayEdit && connection.status === 'active' && <Actions connection={connection} />}
      </div>
      {connection.backfill !== null && (
        <div className="mt-4 border-t pt-4">
          <Backfill backfill={connection.backfill} />
        </div>
      )}
      <div className="mt-4 border-t pt-4">
        <Details connection={connection} />
      </div>
      <details className="mt-3 border-t pt-3">
        <summary className="font-medium">What we may read in this account, and why</summary>
        <div className="mt-2">
          <PermissionList permissions={connection.permissions} />
        </div>
      </details>
      <Drift id={connection.id} />
    </Card>
  );
}

function Details({ connection }: { connection: Connection }) {
  const { health, endpoint, lastReconcile, reads } = connection;
  return (
    <Facts
      facts={[
        ['Connected', <TimeAgo key="at" at={connection.connectedAt} />],
        [
          'By',
          connection.keyLast4 === null
            ? METHOD[connection.method]
            : `${METHOD[connection.method]} ending in ${connection.keyLast4}`,
        ],
        ['Account', <code key="account">{connection.account}</code>],
        ['News from Stripe', DELIVERY[connection.delivery]],
        ['Last event', health.lastEventAt === null ? 'None yet' : <TimeAgo key="last" at={health.lastEventAt} />],
        [
          'Asked of Stripe this month',
          `${reads.thisMonth.toLocaleString('en')} times. Stripe allows ${reads.allowedAtLeast.toLocaleString('en')}, and more the more payments you have`,
        ],
        ['Waiting to be read', health.eventsPending === 0 ? 'Nothing' : health.eventsPending.toLocaleString('en')],
        ['Could not be read', health.eventsDead === 0 ? 'Nothing' : health.eventsDead.toLocaleString('en')],
        ...(endpoint === null
          ? []
          : ([
              [
                'Webhook endpoint',
                endpoint.error ??
                  `${endpoint.status === 'enabled' ? 'In order' : endpoint.status}${endpoint.timesHealed > 0 ? `, put right ${endpoint.timesHealed === 1 ? 'once' : `${endpoint.timesHealed} times`}` : ''}`,
              ],
              ...(endpoint.secretChange === null
                ? []
                : ([['Signing secret', <SecretChange key="secret" of={endpoint.secretChange} />]] as const)),
            ] as const)),
        ['Last comparison with Stripe', lastReconcile === null ? 'None yet' : lastReconcile.sentence],
        ...(connection.disconnectReason === null ? [] : ([['Why disconnected', connection.disconnectReason]] as const)),
      ]}
    />
  );
}

function Actions({ connection }: { connection: Connection }) {
  const [isAsking, setAsking] = useState(false);
  const reconcile = useReconcile();
  const again = useReadEverythingAgain();
  const check = useCheckEndpoint();
  const disconnect = useDisconnect();
  const fail = (error: Error) => toast(error.message, 'bad');
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        size="sm"
        busy={reconcile.isPending}
        onClick={() =>
          reconcile.mutate(connection.id, { onSuccess: (report) => toast(report.sentence), onError: fail })
        }
      >
        Compare with Stripe now
      </Button>
      {connection.endpoint !== null && (
        <Button
          size="sm"
          busy={check.isPending}
          onClick={() =>
            check.mutate(connection.id, { onSuccess: () => toast('The webhook endpoint was checked.'), onError: fail })
          }
        >
          Check the endpoint
        </Button>
      )}
      <ChangeSecret connection={connection} />
      <Button
        size="sm"
        busy={again.isPending || connection.backfill?.state === 'running'}
        onClick={() => again.mutate(connection.id, { onError: fail })}
      >
        Read everything again
      </Button>
      <Button size="sm" look="danger" onClick={() => setAsking(true)}>
        Disconnect
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Disconnect ${connection.displayName ?? connection.account}?`}
        action="Disconnect"
        danger
        busy={disconnect.isPending}
        error={disconnect.error?.message}
        onConfirm={() =>
          disconnect.mutate(connection.id, {
            onSuccess: ({ advice }) => {
              setAsking(false);
              toast(advice ?? 'Disconnected.');
            },
          })
        }
      >
        Nothing new is read from this account. People and their history stay here, and nothing changes at Stripe. You
        can connect it again at any time.
      </Confirm>
    </div>
  );
}

function Drift({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="mt-3 border-t pt-3" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="font-medium">Comparisons with Stripe: what was missing, and repaired</summary>
      {isOpen && <DriftList id={id} />}
    </details>
  );
}

function DriftList({ id }: { id: string }) {
  const reports = useDriftReports(id);
  return (
    <Answer query={reports}>
      {({ reports: rows }) =>
        rows.length === 0 ? (
          <p className="mt-2 text-ink-2">None yet. The first one runs by itself within the hour.</p>
        ) : (
          <ol className="mt-2 divide-y">
            {rows.map((report) => (
              <li key={report.id} className="flex flex-wrap justify-between gap-x-4 py-2">
                <span className="min-w-0">{report.sentence}</span>
                <TimeAgo at={report.startedAt} className="text-ink-3" />
              </li>
            ))}
          </ol>
        )
      }
    </Answer>
  );
}

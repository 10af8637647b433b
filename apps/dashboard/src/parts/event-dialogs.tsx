import { Link } from '@tanstack/react-router';
import { ExternalLink, RotateCcw } from 'lucide-react';
import { useBusEvent, useLedgerEvent, useReplayEvent } from '../api/events.ts';
import { useMayAdminister, useMayEdit } from '../api/session.ts';
import { Button, buttonClass } from '../design/button.tsx';
import { Dialog } from '../design/dialog.tsx';
import { Notice } from '../design/notice.tsx';
import { DayTime } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from './answer.tsx';
import { ContactLink } from './contact-link.tsx';
import { ReplayOne } from './events/replay-one.tsx';
import { Facts } from './facts.tsx';
import { RawJson } from './raw-json.tsx';

/** One event as it was received, what was made of it, and another try where it could not be read. */
export function LedgerEventDialog({ seq, onClose }: { seq: string | undefined; onClose: () => void }) {
  const event = useLedgerEvent(seq);
  const replay = useReplayEvent();
  const mayEdit = useMayEdit();
  return (
    <Dialog open={seq !== undefined} onClose={onClose} title={event.data?.type ?? 'Event'} place="side" size="lg">
      {seq !== undefined && (
        <Answer query={event}>
          {(data) => (
            <div className="space-y-5">
              {data.error !== null && <Notice tone="bad">{data.error}</Notice>}
              <div className="flex flex-wrap gap-2">
                {mayEdit && data.status === 'dead' && (
                  <Button
                    busy={replay.isPending}
                    onClick={() =>
                      replay.mutate(seq, {
                        onSuccess: () => toast('It is read again. Nothing is told twice.'),
                        onError: (error) => toast(error.message, 'bad'),
                      })
                    }
                  >
                    <RotateCcw aria-hidden /> Try again
                  </Button>
                )}
                {data.url !== null && (
                  <a href={data.url} target="_blank" rel="noreferrer" className={buttonClass({})}>
                    <ExternalLink aria-hidden /> Open in Stripe
                  </a>
                )}
              </div>
              <Facts
                facts={[
                  [
                    'Event',
                    <code key="id" className="text-xs break-all">
                      {data.eventId}
                    </code>,
                  ],
                  [
                    'About',
                    <code key="subject" className="text-xs break-all">
                      {data.subject}
                    </code>,
                  ],
                  ['Happened', <DayTime key="at" at={data.createdAt} />],
                  ['Came in', <DayTime key="in" at={data.receivedAt} />],
                  ['By', data.via],
                  ['Tries', String(data.attempts)],
                ]}
              />
              <section>
                <h3 className="mb-1 font-semibold">What we made of it</h3>
                {data.produced.length === 0 ? (
                  <p className="text-ink-2">Nothing: it told us nothing new.</p>
                ) : (
                  <ul className="divide-y">
                    {data.produced.map((one) => (
                      <li key={one.id} className="flex flex-wrap justify-between gap-x-4 py-1.5">
                        <Link
                          to="/events"
                          search={{ tab: 'bus', id: one.id }}
                          className="font-medium underline-offset-2 hover:underline"
                        >
                          {one.title}
                        </Link>
                        <ContactLink contact={one.contact} />
                      </li>
                    ))}
                  </ul>
                )}
              </section>
              <section>
                <h3 className="mb-1 font-semibold">As it was received</h3>
                <RawJson value={data.payload} label="event as it was received" />
              </section>
            </div>
          )}
        </Answer>
      )}
    </Dialog>
  );
}

/** One event of ours as it is stored, and what caused it. */
export function BusEventDialog({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const event = useBusEvent(id);
  const mayAdminister = useMayAdminister();
  return (
    <Dialog open={id !== undefined} onClose={onClose} title={event.data?.title ?? 'Event'} place="side" size="lg">
      {id !== undefined && (
        <Answer query={event}>
          {(data) => (
            <div className="space-y-5">
              <Facts
                facts={[
                  [
                    'Type',
                    <code key="type" className="text-xs break-all">
                      {data.type}
                    </code>,
                  ],
                  ['Person', <ContactLink key="who" contact={data.contact} />],
                  ['Happened', <DayTime key="at" at={data.at} />],
                  ['From', data.source],
                  [
                    'Because of',
                    data.cause === null ? (
                      'Nothing else'
                    ) : data.causeSeq === null ? (
                      (data.cause.type ?? data.cause.kind)
                    ) : (
                      <Link
                        key="cause"
                        to="/events"
                        search={{ seq: data.causeSeq }}
                        className="font-medium text-accent-ink underline underline-offset-2"
                      >
                        {data.cause.type ?? data.cause.kind}
                      </Link>
                    ),
                  ],
                ]}
              />
              <RawJson value={data.data} label="event data" />
              {mayAdminister && <ReplayOne eventId={data.id} />}
            </div>
          )}
        </Answer>
      )}
    </Dialog>
  );
}

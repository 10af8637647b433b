import type { ReplayList } from '@growthos/contracts/http/replays.ts';
import { History } from 'lucide-react';
import { useState } from 'react';
import { useAskReplay, useReplays } from '../../api/replays.ts';
import { Button } from '../../design/button.tsx';
import { Card } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { Progress } from '../../design/progress.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { Answer } from '../answer.tsx';

/** Everything since a time once more, to one part of GrowthOS that missed it, and how far that has come. */
export function ReplayPanel() {
  const list = useReplays();
  return (
    <Answer query={list}>
      {(data) => (
        <div className="space-y-4">
          <AskForm listeners={data.listeners} />
          <Replays replays={data.replays} />
        </div>
      )}
    </Answer>
  );
}

function AskForm({ listeners }: Pick<ReplayList, 'listeners'>) {
  const ask = useAskReplay();
  const [name, setName] = useState(listeners[0]?.name ?? '');
  const [local, setLocal] = useState('');
  const [isAsking, setIsAsking] = useState(false);
  const chosen = listeners.find((listener) => listener.name === name);
  // The field gives the viewer's own time, without a zone; the browser knows the zone.
  const since = local === '' ? null : new Date(local).toISOString();
  const close = () => {
    setIsAsking(false);
    ask.reset();
  };
  return (
    <Card className="p-4">
      <p className="mb-3 max-w-prose text-ink-2">
        If something went wrong and a part of GrowthOS missed what happened, tell it again. Each part keeps track of
        what it did: a mail that was sent is not sent again.
      </p>
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          setIsAsking(since !== null);
        }}
      >
        <Field label="Tell" className="basis-full sm:basis-56">
          {(ids) => (
            <Select {...ids} value={name} onChange={(event) => setName(event.target.value)}>
              {listeners.map((listener) => (
                <option key={listener.name} value={listener.name}>
                  {listener.title}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="everything since" className="basis-full sm:basis-56">
          {(ids) => (
            <Input
              {...ids}
              type="datetime-local"
              required
              value={local}
              onChange={(event) => setLocal(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary">
          Tell again
        </Button>
      </form>
      {chosen !== undefined && <p className="mt-3 max-w-prose text-[0.8125rem] text-ink-3">{chosen.says}</p>}
      {chosen !== undefined && since !== null && (
        <Confirm
          open={isAsking}
          onClose={close}
          onConfirm={() =>
            ask.mutate(
              { listener: chosen.name, since },
              {
                onSuccess: () => {
                  close();
                  toast('It is being told. You can leave this page.');
                },
              },
            )
          }
          title={`Tell ${chosen.title} again?`}
          action="Tell again"
          busy={ask.isPending}
          error={ask.error?.message}
        >
          <p>
            Everything since <DayTime at={since} />, in order. {chosen.says} It cannot be stopped once it has begun.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

function Replays({ replays }: Pick<ReplayList, 'replays'>) {
  return (
    <Card>
      {replays.length === 0 ? (
        <EmptyState icon={<History />} title="Nothing was told again">
          What you ask for above appears here, with how far it has come.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {replays.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
              <div className="min-w-0">
                <p className="font-medium">
                  {one.title}, since <DayTime at={one.since} />
                </p>
                <p className="text-[0.8125rem] text-ink-3">
                  Asked <TimeAgo at={one.askedAt} />, {one.handledCount.toLocaleString('en')}{' '}
                  {one.handledCount === 1 ? 'event' : 'events'} told
                </p>
              </div>
              {one.endedAt === null ? (
                <div className="w-48">
                  <Progress fraction={one.progress} label={`How far ${one.title} has come`} />
                </div>
              ) : (
                <span className="text-good">Done</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

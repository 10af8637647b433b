import type { RunDetail } from '@growthos/contracts/http/sequences.ts';
import { useRun } from '../../api/sequences.ts';
import { Badge } from '../../design/badge.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { DayTime } from '../../design/time-ago.tsx';
import type { Tone } from '../../design/tone.ts';
import { Answer } from '../answer.tsx';
import { ContactLink } from '../contact-link.tsx';
import { Facts } from '../facts.tsx';
import { RunActions } from './run-actions.tsx';
import { plainWords } from '../plain-words.ts';

export const RUN_LOOK: Readonly<Record<RunDetail['status'], { word: string; tone: Tone }>> = {
  active: { word: 'On the way', tone: 'info' },
  paused: { word: 'Paused', tone: 'warn' },
  completed: { word: 'Went through', tone: 'good' },
  exited: { word: 'Left early', tone: 'mute' },
  failed: { word: 'Stuck', tone: 'bad' },
};

/** One person's way through a sequence: where they stand, what happened, what was sent, and what can be done. */
export function RunDialog({ runId, onClose }: { runId: string | null; onClose: () => void }) {
  const run = useRun(runId);
  const title = run.data === undefined ? 'On the way' : `${run.data.contact.name} in “${run.data.sequence.name}”`;
  return (
    <Dialog open={runId !== null} onClose={onClose} title={title} place="side">
      {runId !== null && (
        <Answer query={run}>
          {(data) => (
            <div className="space-y-5">
              <RunActions run={data} />
              <Facts facts={factsOf(data)} />
              <History run={data} />
              <Messages run={data} />
            </div>
          )}
        </Answer>
      )}
    </Dialog>
  );
}

function factsOf(run: RunDetail) {
  const look = RUN_LOOK[run.status];
  return [
    ['Person', <ContactLink key="who" contact={run.contact} />],
    [
      'State',
      <span key="state" className="flex flex-wrap gap-1.5">
        <Badge tone={look.tone}>{look.word}</Badge>
        {run.isHoldout && <Badge>Held out on purpose: gets nothing</Badge>}
        {run.reachedGoal && <Badge tone="good">Goal reached</Badge>}
      </span>,
    ],
    ['Came in', <DayTime key="in" at={run.enteredAt} />],
    ...(run.step === null
      ? []
      : [['Now', `Step ${run.step} of ${run.stepCount}: ${plainWords(run.stepText ?? '')}`] as const]),
    ...(run.nextDueAt === null ? [] : [['Next', <DayTime key="next" at={run.nextDueAt} />] as const]),
    ...(run.endText === null ? [] : [['Ended because', run.endText] as const]),
  ] as const;
}

function History({ run }: { run: RunDetail }) {
  return (
    <section>
      <h3 className="mb-1 font-semibold">What happened</h3>
      {run.steps.length === 0 ? (
        <p className="text-ink-2">Nothing yet: the first step is still to come.</p>
      ) : (
        <ol className="divide-y">
          {run.steps.map((step) => (
            <li
              key={`${step.at}:${step.stepId}:${step.outcome}`}
              className="flex flex-wrap justify-between gap-x-4 py-2"
            >
              <span className="min-w-0">
                {plainWords(step.text)} <span className="text-ink-3">({step.outcome})</span>
              </span>
              <DayTime at={step.at} className="text-[0.8125rem] text-ink-3" />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Messages({ run }: { run: RunDetail }) {
  if (run.messages.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1 font-semibold">Messages</h3>
      <ol className="divide-y">
        {run.messages.map((message) => (
          <li key={message.id} className="py-2">
            <div className="flex flex-wrap justify-between gap-x-4">
              <span className="min-w-0 font-medium">{plainWords(message.title ?? message.channel)}</span>
              <DayTime at={message.at} className="text-[0.8125rem] text-ink-3" />
            </div>
            <p className="text-[0.8125rem] text-ink-2">
              {message.status}
              {message.reason !== null && `: ${message.reason}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

import type { DryRunResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { useDryRun } from '../../api/sequences.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Notice } from '../../design/notice.tsx';
import { ListSkeleton } from '../../design/skeleton.tsx';
import { DayTime } from '../../design/time-ago.tsx';
import { AnswerError } from '../answer-error.tsx';
import { ContactLink } from '../contact-link.tsx';
import { plainWords } from '../plain-words.ts';

/** "What would it have done?": the last 90 days of real events through the sequence; nothing is sent. */
export function DryRunButton({ definition }: { definition: SequenceDefinition }) {
  const [isOpen, setOpen] = useState(false);
  const dryRun = useDryRun();
  const start = () => {
    setOpen(true);
    dryRun.mutate(definition);
  };
  return (
    <>
      <Button onClick={start}>
        <FlaskConical aria-hidden /> Try on the last 90 days
      </Button>
      <Dialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title="What it would have done in the last 90 days"
        says="With real events. Nothing is sent."
        place="side"
      >
        {dryRun.isPending && <ListSkeleton rows={4} />}
        {dryRun.error !== null && <AnswerError error={dryRun.error} onRetry={start} />}
        {dryRun.data !== undefined && !dryRun.isPending && <Result result={dryRun.data} />}
      </Dialog>
    </>
  );
}

function Result({ result }: { result: DryRunResult }) {
  return (
    <div className="space-y-5">
      <p className="text-base font-medium">{result.sentence}</p>
      {result.isCut && <Notice>There were more than could be looked at; the figures are of the newest ones.</Notice>}
      <Counted
        title="Would have been sent"
        rows={result.wouldSend.map((one) => ({ key: one.stepId, text: plainWords(one.text), count: one.count }))}
        empty="No message at all."
      />
      <Counted
        title="Would have been stopped"
        rows={result.stopped.map((one) => ({ key: one.reason, text: one.sentence, count: one.count }))}
        empty="Nothing."
      />
      {result.examples.length > 0 && (
        <section>
          <h3 className="mb-1 font-semibold">For example</h3>
          <ul className="space-y-2">
            {result.examples.map((example) => (
              <li key={`${example.contact.id}:${example.enteredAt}`}>
                <details className="rounded-lg border px-3 py-2">
                  <summary>
                    <span className="font-medium">{example.contact.name}</span>{' '}
                    <span className="text-ink-2">{example.end}</span>
                  </summary>
                  <ol className="mt-2 space-y-1">
                    {example.steps.map((step) => (
                      <li
                        key={`${step.at}:${plainWords(step.text)}`}
                        className="flex flex-wrap justify-between gap-x-3"
                      >
                        <span className="min-w-0">{plainWords(step.text)}</span>
                        <DayTime at={step.at} className="text-[0.8125rem] text-ink-3" />
                      </li>
                    ))}
                  </ol>
                  <p className="mt-2">
                    <ContactLink contact={example.contact} />
                  </p>
                </details>
              </li>
            ))}
          </ul>
        </section>
      )}
      {result.limits.length > 0 && (
        <section>
          <h3 className="mb-1 font-semibold">What this cannot know</h3>
          <ul className="list-disc space-y-1 pl-5 text-ink-2">
            {result.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

interface CountedProps {
  readonly title: string;
  readonly rows: readonly { readonly key: string; readonly text: string; readonly count: number }[];
  readonly empty: string;
}

function Counted({ title, rows, empty }: CountedProps) {
  return (
    <section>
      <h3 className="mb-1 font-semibold">{title}</h3>
      {rows.length === 0 ? (
        <p className="text-ink-2">{empty}</p>
      ) : (
        <ul className="divide-y">
          {rows.map((row) => (
            <li key={row.key} className="flex justify-between gap-4 py-1.5">
              <span className="min-w-0">{row.text}</span>
              <span className="font-semibold tabular-nums">{row.count.toLocaleString('en')}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

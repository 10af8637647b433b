import type { SequenceDetail, StepCounts } from '@growthos/contracts/http/sequences.ts';
import type { StepKind } from '@growthos/contracts/sequence/step.ts';
import { Link } from '@tanstack/react-router';
import { CircleHelp } from 'lucide-react';
import { Card } from '../../design/card.tsx';
import { STEP_KINDS } from './step-words.ts';
import { plainWords } from '../plain-words.ts';

const isKind = (kind: string): kind is StepKind => Object.hasOwn(STEP_KINDS, kind);

/** Every step with who stands there, what was sent, and why the rest was not. */
export function StepCountList({ sequence }: { sequence: SequenceDetail }) {
  return (
    <Card>
      <ol className="divide-y">
        {sequence.steps.map((step) => (
          <StepRow key={step.stepId} step={step} sequenceId={sequence.id} />
        ))}
      </ol>
    </Card>
  );
}

function StepRow({ step, sequenceId }: { step: StepCounts; sequenceId: string }) {
  const Icon = isKind(step.kind) ? STEP_KINDS[step.kind].icon : CircleHelp;
  const figures = [
    ['here now', step.here],
    ['passed', step.done],
    ['sent', step.sent],
    ['waiting', step.waiting],
    ['not sent', step.skipped],
    ['failed', step.failed],
  ] as const;
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-2" data-depth={step.depth}>
        <div
          className={`flex min-w-0 flex-1 basis-72 gap-3 ${step.depth > 0 ? (step.depth > 1 ? 'pl-12' : 'pl-6') : ''}`}
        >
          <span className="flex size-8 shrink-0 items-center justify-center rounded-lg bg-accent-soft text-accent-ink">
            <Icon className="size-4.5" aria-hidden />
          </span>
          <p className="min-w-0 self-center">
            <span className="text-ink-3">{step.number}.</span>{' '}
            <span className="font-medium">{plainWords(step.text)}</span>
          </p>
        </div>
        <dl className="flex flex-wrap gap-x-5 gap-y-1">
          {figures
            .filter(([label, value]) => value > 0 || label === 'here now' || label === 'passed')
            .map(([label, value]) => (
              <div key={label} className="flex flex-row-reverse items-baseline gap-1">
                <dt className="text-xs text-ink-3">{label}</dt>
                <dd className="font-semibold tabular-nums">{value.toLocaleString('en')}</dd>
              </div>
            ))}
        </dl>
      </div>
      {step.skipReasons.length > 0 && (
        <details className="mt-2 pl-11">
          <summary className="text-[0.8125rem] font-medium text-ink-2">Why not sent</summary>
          <ul className="mt-1 space-y-0.5">
            {step.skipReasons.map((reason) => (
              <li key={reason.reason} className="flex justify-between gap-4 text-[0.8125rem]">
                <span className="min-w-0">{reason.sentence}</span>
                <span className="tabular-nums">{reason.count.toLocaleString('en')}</span>
              </li>
            ))}
          </ul>
          <Link
            to="/messages"
            search={{ sequenceId, status: 'skipped' }}
            className="mt-1 inline-block text-[0.8125rem] font-medium text-accent-ink underline underline-offset-2"
          >
            See each of them
          </Link>
        </details>
      )}
    </li>
  );
}

import type { DryRunResult } from '@growthos/contracts/http/sequences.ts';
import { groupBy } from '#base/group-by.ts';
import { stepWords } from '../describe.ts';
import type { Program } from '../program.ts';
import type { Rehearsed } from './rehearse.ts';

const EXAMPLES_MAX = 20;

/** What a marketer reads of a rehearsal. */
export function summarise(
  program: Program,
  input: { runs: readonly Rehearsed[]; holdout: number; days: number; isCut: boolean },
): DryRunResult {
  const { runs } = input;
  const sent = runs.flatMap((run) => run.sends.filter((send) => send.stopped === null).map((send) => ({ run, send })));
  const stopped = runs.flatMap((run) => run.sends.flatMap((send) => (send.stopped ? [send.stopped] : [])));
  const people = new Set(sent.map(({ run }) => run.person.id)).size;
  const early = runs.filter((run) => run.endedByGoal).length;
  const wouldSend = [...groupBy(sent, ({ send }) => send.stepId)].flatMap(([stepId, list]) => {
    const step = program.steps.get(stepId)?.step;
    if (!step || !('kind' in step)) return [];
    const channel = step.kind === 'notify_team' ? 'team' : step.kind;
    return channel === 'email' || channel === 'in_app' || channel === 'team' || channel === 'webhook'
      ? [
          {
            stepId,
            text: step.name ?? stepWords(step),
            channel: channel as 'email' | 'in_app' | 'team' | 'webhook',
            count: list.length,
          },
        ]
      : [];
  });
  return {
    days: input.days,
    sentence: `In the last ${input.days} days: ${count(sent.length, 'message')} to ${people} ${people === 1 ? 'person' : 'people'}; ${count(early, 'run')} would have ended early.`,
    people,
    runs: runs.length,
    wouldSend,
    stopped: [
      ...[...groupBy(stopped, (one) => one.reason)].map(([reason, list]) => ({
        reason,
        sentence: list[0]?.sentence ?? reason,
        count: list.length,
      })),
      ...(early > 0
        ? [{ reason: 'ended_early', sentence: 'The goal was reached, or what started it was over.', count: early }]
        : []),
    ],
    holdout: input.holdout,
    examples: runs.slice(0, EXAMPLES_MAX).map((run) => ({
      contact: { id: run.person.id, name: run.person.name, email: run.person.email },
      enteredAt: run.enteredAt.toISOString(),
      steps: run.sends.map((send) => ({ at: send.at.toISOString(), text: exampleText(program, send) })),
      end: run.end,
    })),
    limits: limitsOf(program),
    isCut: input.isCut,
  };
}

function exampleText(program: Program, send: Rehearsed['sends'][number]): string {
  const step = program.steps.get(send.stepId)?.step;
  const text = step ? (step.name ?? stepWords(step)) : send.stepId;
  return send.stopped ? `${text}: not sent. ${send.stopped.sentence}` : text;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function limitsOf(program: Program): string[] {
  const limits = [
    'Contacts are taken as they are now: their properties, consent and time zone of then are not looked up.',
  ];
  if (program.definition.trigger.kind === 'date')
    limits.push('Dates are those of now: a trial that was moved since is seen at its new end.');
  if (program.definition.trigger.kind === 'segment')
    limits.push('Only what happened since the segment was made is known.');
  limits.push('Limits on how often people are written to are not counted: other sequences share them.');
  return limits;
}

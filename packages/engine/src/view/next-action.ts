import { SequenceDefinition, walkSteps } from '@growthos/contracts/sequence/definition.ts';
import { armsOf, type Step } from '@growthos/contracts/sequence/step.ts';

export interface NextAction {
  /** In words: "E-mail “A quick question about your payment”". */
  readonly action: string;
  readonly stepId: string;
  /** Of the top-level step, from 1. */
  readonly step: number;
  /** True for what reaches somebody: an e-mail, a nudge, a note to the team, a webhook. */
  readonly isMessage: boolean;
}

/**
 * What a run does next: where it stands at a wait, the step behind the wait. Null when nothing follows, or the stored
 * definition is none that this version reads. After a branch the way is not known yet: then the branch itself is named.
 */
export function nextActionOf(stored: unknown, stepId: string | null): NextAction | null {
  const parsed = SequenceDefinition.safeParse(stored);
  if (!parsed.success || stepId === null) return null;
  const steps = parsed.data.steps;
  const numbers = new Map([...walkSteps(steps)].map(({ step, number }) => [step.id, { step, number }]));
  const follow = followers(steps);
  let at: string | null = stepId;
  while (at !== null) {
    const found = numbers.get(at);
    if (!found) return null;
    const { step, number } = found;
    if (!isWait(step)) return { ...describe(step), stepId: step.id, step: number };
    at = step.kind === 'wait_for_event' ? (step.onTimeout[0]?.id ?? follow.get(at) ?? null) : (follow.get(at) ?? null);
  }
  return null;
}

function isWait(step: Step): boolean {
  return step.kind === 'wait_for' || step.kind === 'wait_until' || step.kind === 'wait_for_event';
}

/** For each step the one that comes after it and all that is inside it. */
function followers(steps: readonly Step[]): Map<string, string | null> {
  const follow = new Map<string, string | null>();
  const link = (list: readonly Step[], after: string | null): void => {
    for (const [index, step] of list.entries()) {
      const next = list[index + 1]?.id ?? after;
      follow.set(step.id, next);
      for (const arm of armsOf(step)) link(arm, next);
    }
  };
  link(steps, null);
  return follow;
}

function describe(step: Step): { action: string; isMessage: boolean } {
  switch (step.kind) {
    case 'email':
      return { action: `E-mail “${plain(step.content.subject)}”`, isMessage: true };
    case 'in_app':
      return { action: `In the app: “${plain(step.content.title)}”`, isMessage: true };
    case 'notify_team':
      return { action: `Note to the team: “${plain(step.title)}”`, isMessage: true };
    case 'webhook':
      return { action: step.name ?? 'Webhook', isMessage: true };
    case 'set_property':
      return { action: `Set ${step.trait.replaceAll('_', ' ')}`, isMessage: false };
    case 'exit':
      return { action: 'Ends the sequence', isMessage: false };
    case 'branch':
      return { action: step.name ?? 'Decides which way to go', isMessage: false };
    case 'split':
      return { action: step.name ?? 'Splits by chance', isMessage: false };
    default:
      return { action: step.name ?? 'Waits', isMessage: false };
  }
}

/** A title as it was written, its Liquid shortened to an ellipsis. */
function plain(title: string): string {
  return title
    .replaceAll(/\{%.*?%\}/g, '')
    .replaceAll(/\{\{.*?\}\}/g, '…')
    .trim();
}

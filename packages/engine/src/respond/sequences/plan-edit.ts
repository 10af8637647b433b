/**
 * What publishing a new version does to the people inside. They follow it at once; nobody is left on an old version.
 *
 * | edit                        | before the step          | standing at it                              | past it                          |
 * |-----------------------------|--------------------------|---------------------------------------------|----------------------------------|
 * | step added                  | will meet it             | -                                           | not taken back to it             |
 * | text or settings changed    | get the new one          | a message already asked for keeps its text  | nothing                          |
 * | wait made longer or shorter | get the new one          | recounted from when it began, never earlier than now | nothing                 |
 * | step removed                | don't meet it            | go on at the next step that is left; none: they leave ("edited") | nothing         |
 * | kind changed, id kept       | get the new one          | begin it anew                               | nothing                          |
 * | step moved                  | meet it in its new place | go on behind its new place                  | a step done is never done again  |
 * | exits, caps, quiet hours    | hold at once for all     | hold at once for all                        | -                                |
 * | trigger, re-entry, holdout  | hold for new entries     | -                                           | -                                |
 */
import { isDeepStrictEqual } from 'node:util';
import type { Program } from './program.ts';

export type StepFate =
  /** The same step: nothing happens. */
  | { readonly kind: 'stay' }
  /** The same step with other settings: looked at again at once. */
  | { readonly kind: 'recount' }
  | { readonly kind: 'move'; readonly toStepId: string }
  | { readonly kind: 'leave' };

/** Of every step of the version before: what becomes of those who stand at it. */
export function planEdit(before: Program, after: Program): ReadonlyMap<string, StepFate> {
  const fates = new Map<string, StepFate>();
  for (const [stepId, here] of before.steps) {
    const there = after.steps.get(stepId);
    if (there && there.step.kind === here.step.kind) {
      fates.set(stepId, { kind: isDeepStrictEqual(there.step, here.step) ? 'stay' : 'recount' });
    } else if (there) fates.set(stepId, { kind: 'move', toStepId: stepId });
    else fates.set(stepId, nextSurvivor(before, { after, from: here.follow }));
  }
  return fates;
}

function nextSurvivor(before: Program, input: { after: Program; from: string | null }): StepFate {
  for (let stepId = input.from; stepId !== null; stepId = before.steps.get(stepId)?.follow ?? null) {
    if (input.after.steps.has(stepId)) return { kind: 'move', toStepId: stepId };
  }
  return { kind: 'leave' };
}

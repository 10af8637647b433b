import { type SequenceDefinition, walkSteps } from '@growthos/contracts/sequence/definition.ts';
import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import { armsOf, type Step } from '@growthos/contracts/sequence/step.ts';

export interface ProgramStep {
  readonly step: Step;
  /** Of the top-level step that it is, or is inside of. */
  readonly number: number;
  /** Where a run goes on when this step, with all that is inside it, is done; null: the end. */
  readonly follow: string | null;
}

/** A definition made ready to be walked. Steps form a tree, so a run visits each at most once and always ends. */
export interface Program {
  readonly definition: SequenceDefinition;
  readonly firstStepId: string | null;
  readonly stepCount: number;
  readonly steps: ReadonlyMap<string, ProgramStep>;
  /** Filters that its steps may ask of the contact: fetched for a whole batch at once. */
  readonly filters: readonly Filter[];
  readonly needsContactDates: boolean;
}

export function compileProgram(definition: SequenceDefinition): Program {
  const numbers = new Map<string, number>();
  const filters: Filter[] = [];
  let needsContactDates = false;
  for (const { step, number } of walkSteps(definition.steps)) {
    numbers.set(step.id, number);
    if (step.kind === 'wait_until' && step.until.kind === 'contact_date') needsContactDates = true;
    for (const condition of conditionsOf(step)) if (condition.kind === 'contact') filters.push(condition.filter);
  }
  const steps = new Map<string, ProgramStep>();
  const link = (list: readonly Step[], after: string | null): void => {
    for (const [index, step] of list.entries()) {
      const follow = list[index + 1]?.id ?? after;
      steps.set(step.id, { step, number: numbers.get(step.id) ?? 1, follow });
      for (const arm of armsOf(step)) link(arm, follow);
    }
  };
  link(definition.steps, null);
  return {
    definition,
    firstStepId: definition.steps[0]?.id ?? null,
    stepCount: definition.steps.length,
    steps,
    filters,
    needsContactDates,
  };
}

function conditionsOf(step: Step): readonly Condition[] {
  const own = step.onlyIf ? [step.onlyIf] : [];
  return step.kind === 'branch' ? [...own, ...step.arms.map((arm) => arm.when)] : own;
}

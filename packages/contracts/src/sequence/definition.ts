/**
 * A sequence as data: what starts a run, its steps, what ends it early, and the rules around it. A definition never
 * changes: an edit is a new version of it. It goes in and out as JSON or YAML with this one schema.
 */
import { z } from 'zod';
import { CONTACT_PROPERTIES } from '../contact-properties.ts';
import { MessageCategory } from './category.ts';
import { Condition, PayloadField, PayloadTest } from './condition.ts';
import { DateOffset, QuietHours, SequenceDuration } from './duration.ts';
import { armsOf, EventMatch, Step } from './step.ts';

/** A built-in date of the contact, such as `trial_end_date`. */
export const DateProperty = z.string().refine((name) => isDateProperty(name), {
  message: 'A date property is one of the built-in dates of a contact, such as trial_end_date.',
});

function isDateProperty(name: string): boolean {
  const properties: Readonly<Record<string, { type: string }>> = CONTACT_PROPERTIES;
  return Object.hasOwn(properties, name) && properties[name]?.type === 'date';
}

export const Trigger = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('event'),
    type: z.string().min(1).max(200),
    where: z.array(PayloadTest).max(20).default([]),
    /** Besides the payload, the contact must match this when the event comes in. */
    contact: Condition.optional(),
  }),
  /** `segment` is the segment's id, or the key of a template segment. */
  z.strictObject({ kind: z.literal('segment'), on: z.enum(['entered', 'left']), segment: z.string().min(1).max(100) }),
  /** `{ property: 'trial_end_date', offset: { days: -3 } }`: three days before the trial ends. Follows the date when it moves. */
  z.strictObject({
    kind: z.literal('date'),
    property: DateProperty,
    offset: DateOffset,
    contact: Condition.optional(),
  }),
]);
export type Trigger = z.infer<typeof Trigger>;

/** Ends the run as soon as it happens, and is what success is measured by. `match` ties it to the same invoice or subscription. */
export const ExitGoal = z.strictObject({
  type: z.string().min(1).max(200),
  where: z.array(PayloadTest).max(20).default([]),
  match: z.array(EventMatch).max(5).default([]),
  /** False: it ends the run but is no success, such as a cancellation. */
  isSuccess: z.boolean().default(true),
});
export type ExitGoal = z.infer<typeof ExitGoal>;

export const Reentry = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('never') }).describe('once in a lifetime'),
  z.strictObject({ rule: z.literal('once_per'), field: PayloadField }).describe('once per invoice, subscription, ...'),
  z.strictObject({ rule: z.literal('after'), duration: SequenceDuration }).describe('again after this long'),
  z.strictObject({ rule: z.literal('always') }).describe('every time, when no run is going on'),
]);
export type Reentry = z.infer<typeof Reentry>;

export const SequenceDefinition = z
  .strictObject({
    name: z.string().min(1).max(120),
    description: z.string().max(1000).default(''),
    trigger: Trigger,
    reentry: Reentry.default({ rule: 'never' }),
    exits: z
      .strictObject({
        goals: z.array(ExitGoal).max(20).default([]),
        /** Only for a segment trigger: leaving the segment ends the run. */
        onSegmentLeft: z.boolean().default(false),
        /**
         * Facts of Stripe that end the run, looked at before every send, whatever event was late: the invoice or the
         * subscription named by this field of the starting event is no longer open, or has ended.
         */
        invoiceClosed: PayloadField.optional(),
        subscriptionEnded: PayloadField.optional(),
        /** The contact must match this all the time; looked at before every send. */
        keepWhile: Condition.optional(),
      })
      .prefault({}),
    category: MessageCategory,
    /** 0 to 100. When a cap lets only one message through, the higher goes first. */
    priority: z.number().int().min(0).max(100).default(50),
    /** In the contact's time zone; e-mail inside them waits for their end. Null: at any hour. */
    quietHours: QuietHours.nullable().default({ from: '21:00', to: '08:00' }),
    isExemptFromCaps: z.boolean().default(false),
    /** Percent of people who get nothing, so that the effect can be measured against them. */
    holdoutPercent: z.number().min(0).max(50).default(0),
    /** How long after the start a goal still counts as an effect, for people in the run and for the holdout alike. */
    goalWindowDays: z.number().int().min(1).max(180).default(30),
    steps: z.array(Step).min(1).max(50),
  })
  .superRefine((definition, context) => {
    const seen = new Set<string>();
    for (const { step } of walkSteps(definition.steps)) {
      if (seen.has(step.id)) {
        context.addIssue({ code: 'custom', path: ['steps'], message: `The step id "${step.id}" is used twice.` });
      }
      seen.add(step.id);
    }
    if (
      definition.exits.onSegmentLeft &&
      (definition.trigger.kind !== 'segment' || definition.trigger.on !== 'entered')
    ) {
      context.addIssue({
        code: 'custom',
        path: ['exits', 'onSegmentLeft'],
        message: 'Only a sequence that starts on entering a segment can end on leaving it.',
      });
    }
  });
export type SequenceDefinition = z.infer<typeof SequenceDefinition>;

export interface WalkedStep {
  readonly step: Step;
  /** 1 for the first top-level step and for everything inside it: "step 2 of 4" counts top-level steps. */
  readonly number: number;
  readonly depth: number;
}

/** Every step, parents before what is inside them. */
export function* walkSteps(steps: readonly Step[], inside?: { number: number; depth: number }): Generator<WalkedStep> {
  for (const [index, step] of steps.entries()) {
    const number = inside?.number ?? index + 1;
    const depth = inside?.depth ?? 0;
    yield { step, number, depth };
    for (const arm of armsOf(step)) yield* walkSteps(arm, { number, depth: depth + 1 });
  }
}

import { z } from 'zod';
import { Condition, PayloadField, PayloadTest } from './condition.ts';
import { EmailContent, InAppContent, PromotionChoice } from './content.ts';
import { DateOffset, LocalWindow, SequenceDuration } from './duration.ts';

export const StepId = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,59}$/, 'A step id is lower case letters, digits and _, such as founder_email.');

/**
 * Every step has an id that never changes: people who stand in the sequence are found again by it after an edit, and
 * (run, step) is the key under which a message is sent once. `onlyIf`: a step whose condition fails is stepped over.
 */
const base = { id: StepId, name: z.string().max(100).optional(), onlyIf: Condition.optional() };

const inAppExpiry = SequenceDuration.default({ days: 7 });

export const WaitForStep = z.strictObject({
  ...base,
  kind: z.literal('wait_for'),
  duration: SequenceDuration,
  /** When given, the wait ends at the next opening of these hours in the contact's time zone. */
  window: LocalWindow.optional(),
});
export const WaitUntilStep = z.strictObject({
  ...base,
  kind: z.literal('wait_until'),
  until: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('contact_date'), property: z.string().max(100), offset: DateOffset }),
    z.strictObject({ kind: z.literal('payload_date'), field: PayloadField, offset: DateOffset }),
    z.strictObject({ kind: z.literal('window'), window: LocalWindow }),
  ]),
  /** When the date is missing: how long to wait instead. */
  ifMissing: SequenceDuration.default({}),
  /** Never wait longer than this. */
  waitMax: SequenceDuration.optional(),
});
/** Which fields of the awaited event must equal which fields of the event that started the run. */
export const EventMatch = z.strictObject({ field: PayloadField, equals: PayloadField });
export const AwaitedEvent = z.strictObject({
  type: z.string().min(1).max(200),
  where: z.array(PayloadTest).max(20).default([]),
  match: z.array(EventMatch).max(5).default([]),
});
export type AwaitedEvent = z.infer<typeof AwaitedEvent>;

export const EmailStep = z.strictObject({
  ...base,
  kind: z.literal('email'),
  content: EmailContent,
  sender: z.enum(['team', 'founder']).default('team'),
  promotion: PromotionChoice.optional(),
  /** Only to people who have one of these roles in their company; people without a company get it too. */
  roles: z.array(z.string().max(60)).max(10).optional(),
});
export const InAppStep = z.strictObject({
  ...base,
  kind: z.literal('in_app'),
  content: InAppContent,
  expiresAfter: inAppExpiry,
});
export const NotifyTeamStep = z.strictObject({
  ...base,
  kind: z.literal('notify_team'),
  /** A destination of the workspace by its id; `founder` is the founder's e-mail of the sending settings. */
  destination: z.string().max(60).default('founder'),
  title: z.string().min(1).max(300),
  text: z.string().min(1).max(5000),
});
export const WebhookStep = z.strictObject({
  ...base,
  kind: z.literal('webhook'),
  /** The id of an outbound webhook of the workspace. */
  endpoint: z.string().max(60),
});
export const SetPropertyStep = z.strictObject({
  ...base,
  kind: z.literal('set_property'),
  /** A trait of the contact, without the `traits.` in front. Billing properties belong to Stripe and are never set. */
  trait: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/),
  value: z.union([z.string().max(500), z.number(), z.boolean(), z.null()]),
});
export const ExitStep = z.strictObject({ ...base, kind: z.literal('exit') });

export interface BranchStep {
  id: string;
  name?: string | undefined;
  onlyIf?: Condition | undefined;
  kind: 'branch';
  /** The first arm whose condition holds is taken. */
  arms: { when: Condition; steps: Step[] }[];
  otherwise: Step[];
}
export interface SplitStep {
  id: string;
  name?: string | undefined;
  onlyIf?: Condition | undefined;
  kind: 'split';
  /** Percentages that add up to 100; the same contact always falls into the same arm. */
  arms: { percent: number; steps: Step[] }[];
}
export interface WaitForEventStep {
  id: string;
  name?: string | undefined;
  onlyIf?: Condition | undefined;
  kind: 'wait_for_event';
  event: AwaitedEvent;
  timeout: SequenceDuration;
  onEvent: Step[];
  onTimeout: Step[];
}
export type LeafStep =
  | z.infer<typeof WaitForStep>
  | z.infer<typeof WaitUntilStep>
  | z.infer<typeof EmailStep>
  | z.infer<typeof InAppStep>
  | z.infer<typeof NotifyTeamStep>
  | z.infer<typeof WebhookStep>
  | z.infer<typeof SetPropertyStep>
  | z.infer<typeof ExitStep>;
export type Step = LeafStep | BranchStep | SplitStep | WaitForEventStep;
export type StepKind = Step['kind'];

const steps: z.ZodType<Step[]> = z.lazy(() => z.array(Step).max(50));

export const Step: z.ZodType<Step> = z.discriminatedUnion('kind', [
  WaitForStep,
  WaitUntilStep,
  EmailStep,
  InAppStep,
  NotifyTeamStep,
  WebhookStep,
  SetPropertyStep,
  ExitStep,
  z.strictObject({
    ...base,
    kind: z.literal('branch'),
    arms: z
      .array(z.strictObject({ when: Condition, steps }))
      .min(1)
      .max(10),
    otherwise: steps.default([]),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('split'),
    arms: z
      .array(z.strictObject({ percent: z.number().min(0).max(100), steps }))
      .min(2)
      .max(10)
      .refine((arms) => Math.abs(arms.reduce((sum, arm) => sum + arm.percent, 0) - 100) < 1e-6, {
        message: 'The percentages of a split must add up to 100.',
      }),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('wait_for_event'),
    event: AwaitedEvent,
    timeout: SequenceDuration,
    onEvent: steps.default([]),
    onTimeout: steps.default([]),
  }),
]);

/** Steps directly inside a step, arm by arm. */
export function armsOf(step: Step): readonly (readonly Step[])[] {
  switch (step.kind) {
    case 'branch':
      return [...step.arms.map((arm) => arm.steps), step.otherwise];
    case 'split':
      return step.arms.map((arm) => arm.steps);
    case 'wait_for_event':
      return [step.onEvent, step.onTimeout];
    default:
      return [];
  }
}

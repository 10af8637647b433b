/** Sequences as pages and the API see them. Everything below is under /api/sequences; writing needs the role editor or above. */
import { z } from 'zod';
import { MessageCategory, MessageChannel } from '../sequence/category.ts';
import { SequenceDefinition } from '../sequence/definition.ts';
import { ContactRef, Instant } from './money-view.ts';
import { pageOf, PageQuery } from './paging.ts';

export const SequenceStatus = z.enum(['draft', 'live', 'paused', 'archived']);
export const EnrolmentStatus = z.enum(['active', 'paused', 'completed', 'exited', 'failed']);

/** GET /api/sequences/templates -> { rows }. The gallery: configuration that ships with the product. */
export const SequenceTemplate = z.object({
  key: z.string(),
  name: z.string(),
  says: z.string(),
  category: MessageCategory,
  /** "1. In the app: Your last payment didn't go through" and so on: the top-level steps in words. */
  steps: z.array(z.string()),
  /** Ends early on, in words. */
  exits: z.array(z.string()),
  /** The sequence made from it, where it is installed. */
  sequenceId: z.string().nullable(),
  definition: SequenceDefinition,
});
export const SequenceGallery = z.object({ rows: z.array(SequenceTemplate) });
export type SequenceGallery = z.infer<typeof SequenceGallery>;

/** POST /api/sequences/templates/:key -> SequenceRow: installs it as a draft; a second time answers the same draft. */

export const SequenceCounts = z.object({
  /** Standing in it now, without the holdout. */
  active: z.number().int(),
  entered: z.number().int(),
  completed: z.number().int(),
  exited: z.number().int(),
  reachedGoal: z.number().int(),
  holdout: z.number().int(),
});

/** GET /api/sequences -> { rows } */
export const SequenceRow = z.object({
  id: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  description: z.string(),
  status: SequenceStatus,
  statusLabel: z.string(),
  /** "When a payment fails". */
  triggerText: z.string(),
  stepCount: z.number().int(),
  category: MessageCategory,
  version: z.number().int(),
  /** A newer version is saved but not live. */
  hasUnpublishedChanges: z.boolean(),
  counts: SequenceCounts,
  updatedAt: Instant,
});
export type SequenceRow = z.infer<typeof SequenceRow>;
export const SequenceList = z.object({ rows: z.array(SequenceRow) });
export type SequenceList = z.infer<typeof SequenceList>;

export const StepCounts = z.object({
  stepId: z.string(),
  /** "2" for the second top-level step, "2.1" for what is inside it. */
  number: z.string(),
  depth: z.number().int(),
  kind: z.string(),
  /** In words: "Wait until 2 hours after the date in next payment attempt". */
  text: z.string(),
  /** Standing here now. */
  here: z.number().int(),
  done: z.number().int(),
  /** Messages of this step. */
  sent: z.number().int(),
  skipped: z.number().int(),
  failed: z.number().int(),
  waiting: z.number().int(),
  /** Why messages of this step were skipped, the most frequent first. */
  skipReasons: z.array(z.object({ reason: z.string(), sentence: z.string(), count: z.number().int() })),
});
export type StepCounts = z.infer<typeof StepCounts>;

/** Goal rate of those in the sequence less that of the holdout, in percentage points, with its 95 % interval (Newcombe). */
export const GoalLift = z.object({
  inRuns: z.number().int(),
  inGoals: z.number().int(),
  holdoutRuns: z.number().int(),
  holdoutGoals: z.number().int(),
  liftPoints: z.number().nullable(),
  lowPoints: z.number().nullable(),
  highPoints: z.number().nullable(),
  /** In words, honest about small numbers. */
  text: z.string(),
});
export type GoalLift = z.infer<typeof GoalLift>;

/** GET /api/sequences/:id */
export const SequenceDetail = SequenceRow.extend({
  definition: SequenceDefinition,
  /** The same as YAML, for an editor or a repository. */
  yaml: z.string(),
  liveVersion: z.number().int().nullable(),
  steps: z.array(StepCounts),
  lift: GoalLift,
  versions: z.array(z.object({ version: z.number().int(), createdAt: Instant, createdBy: z.string().nullable() })),
  /** Runs whose step was due more than five minutes ago: should be 0. */
  stuckCount: z.number().int(),
});
export type SequenceDetail = z.infer<typeof SequenceDetail>;

/** POST /api/sequences { definition } or { yaml } -> SequenceRow (a draft); PUT /api/sequences/:id saves a new version. */
export const SequenceBody = z.union([
  z.object({ definition: z.unknown() }),
  z.object({ yaml: z.string().max(200_000) }),
]);
export type SequenceBody = z.infer<typeof SequenceBody>;

/** POST /api/sequences/:id/edit-preview takes a SequenceBody: what publishing it would do to the people inside. */
export const EditPreview = z.object({
  steps: z.array(
    z.object({
      stepId: z.string(),
      text: z.string(),
      here: z.number().int(),
      stay: z.number().int(),
      moveOn: z.number().int(),
      leave: z.number().int(),
    }),
  ),
  /** "12 wait at “Wait 3 days”: 9 stay, 3 leave because the step is gone." */
  sentences: z.array(z.string()),
});
export type EditPreview = z.infer<typeof EditPreview>;

/** POST /api/sequences/:id/switch-on publishes the latest version. `includeNow`: people who match a segment or date trigger already. */
export const SwitchOnBody = z.object({ includeNow: z.boolean().default(false) });
/** POST /api/sequences/:id/switch-off: nobody enters any more. `runs`: those inside go on to their end, or leave now. */
export const SwitchOffBody = z.object({ runs: z.enum(['finish', 'exit']).default('finish') });
/** POST /api/sequences/:id/pause: nobody enters and nobody moves. */
/** POST /api/sequences/:id/resume: `overdue`: what fell due meanwhile is done now, or stepped over. */
export const ResumeBody = z.object({ overdue: z.enum(['send', 'skip']) });
/** GET /api/sequences/:id/overdue: the question to ask before resuming. */
export const Overdue = z.object({ runs: z.number().int(), messages: z.number().int(), sentence: z.string() });

/** GET /api/sequences/:id/runs?status=&stepId= */
export const RunListQuery = PageQuery.extend({
  status: EnrolmentStatus.optional(),
  stepId: z.string().max(60).optional(),
  isHoldout: z.stringbool().optional(),
});
export const RunRow = z.object({
  id: z.string(),
  contact: ContactRef,
  status: EnrolmentStatus,
  version: z.number().int(),
  isHoldout: z.boolean(),
  enteredAt: Instant,
  step: z.number().int().nullable(),
  stepCount: z.number().int(),
  /** In words. */
  stepText: z.string().nullable(),
  nextDueAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  /** Why it ended, in words. */
  endText: z.string().nullable(),
  reachedGoal: z.boolean(),
});
export type RunRow = z.infer<typeof RunRow>;
export const RunList = pageOf(RunRow);
export type RunList = z.infer<typeof RunList>;

/** GET /api/sequences/runs/:runId: everything that happened to one run. */
export const RunDetail = RunRow.extend({
  sequence: z.object({ id: z.string(), name: z.string() }),
  triggerType: z.string(),
  triggerData: z.record(z.string(), z.unknown()),
  steps: z.array(z.object({ at: Instant, stepId: z.string(), text: z.string(), outcome: z.string() })),
  messages: z.array(
    z.object({
      id: z.string(),
      stepId: z.string().nullable(),
      channel: MessageChannel,
      status: z.string(),
      title: z.string().nullable(),
      at: Instant,
      reason: z.string().nullable(),
    }),
  ),
});
export type RunDetail = z.infer<typeof RunDetail>;

/**
 * POST /api/sequences/runs/:runId/:action with action pause, resume, skip (step over the step where it stands), exit,
 * or replay (start again where it failed) -> RunDetail.
 */
export const RunAction = z.enum(['pause', 'resume', 'skip', 'exit', 'replay']);

/** GET /api/sequences/planned?days=7 -> PlannedSends: what will happen if nothing stops it, soonest first. */
export const PlannedQuery = PageQuery.extend({ days: z.coerce.number().int().min(1).max(30).default(7) });
export const PlannedSend = z.object({
  runId: z.string(),
  messageId: z.string().nullable(),
  contact: ContactRef,
  sequence: z.object({ id: z.string(), name: z.string() }),
  stepId: z.string(),
  step: z.number().int(),
  stepCount: z.number().int(),
  /** "E-mail “A quick question about your payment”". */
  action: z.string(),
  channel: MessageChannel,
  dueAt: Instant,
  /** "held until 08:00 for quiet hours", or null. */
  note: z.string().nullable(),
});
export type PlannedSend = z.infer<typeof PlannedSend>;
export const PlannedSends = pageOf(PlannedSend);
export type PlannedSends = z.infer<typeof PlannedSends>;
/** POST /api/sequences/planned/pause: bulk pause of runs -> { paused } */
export const PauseRunsBody = z.object({ runIds: z.array(z.uuid()).min(1).max(500) });
export const PauseRunsResult = z.object({ paused: z.number().int() });

/** POST /api/sequences/dry-run { definition | yaml } or POST /api/sequences/:id/dry-run: the last `days` of real events. */
export const DryRunQuery = z.object({ days: z.coerce.number().int().min(1).max(90).default(90) });
export const DryRunResult = z.object({
  days: z.number().int(),
  /** "214 messages to 61 people; 19 would have been stopped by a payment." */
  sentence: z.string(),
  people: z.number().int(),
  runs: z.number().int(),
  wouldSend: z.array(
    z.object({ stepId: z.string(), text: z.string(), channel: MessageChannel, count: z.number().int() }),
  ),
  stopped: z.array(z.object({ reason: z.string(), sentence: z.string(), count: z.number().int() })),
  holdout: z.number().int(),
  /** At most 20. */
  examples: z.array(
    z.object({
      contact: ContactRef,
      enteredAt: Instant,
      steps: z.array(z.object({ at: Instant, text: z.string() })),
      end: z.string(),
    }),
  ),
  /** What could not be looked at again, as sentences: a segment's past, the contact's properties of then. */
  limits: z.array(z.string()),
  isCut: z.boolean().describe('more runs than were looked at'),
});
export type DryRunResult = z.infer<typeof DryRunResult>;

/** POST /api/sequences/preview: one step as a contact would get it. Nothing is stored. */
export const PreviewBody = z.object({
  definition: z.unknown(),
  stepId: z.string().max(60),
  contactId: z.uuid().nullable().default(null).describe('null: somebody made up, with every value present'),
});
export const PreviewResult = z.object({
  channel: MessageChannel,
  contact: ContactRef.nullable(),
  subject: z.string().nullable(),
  html: z.string().nullable().describe('for a sandboxed frame'),
  text: z.string().nullable(),
  inApp: z.unknown().nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Why it would not be sent to this contact now, as sentences; empty: it would. */
  blockedBy: z.array(z.string()),
  promotion: z.object({ code: z.string().nullable(), sentence: z.string() }).nullable(),
  /** Links in it, and whether each is one. */
  links: z.array(z.object({ url: z.string(), isFine: z.boolean(), problem: z.string().nullable() })),
});
export type PreviewResult = z.infer<typeof PreviewResult>;

/** POST /api/sequences/test-send: PreviewBody and an address. The subject starts with "[Test] "; counts nowhere. */
export const TestSendBody = PreviewBody.extend({ to: z.email() });
export const TestSendResult = z.object({ messageId: z.string(), isCaptured: z.boolean() });

import { z } from 'zod';
import { Filter } from '../filter/filter.ts';

/**
 * `/api/segments`. Requests carry trees unparsed (`FilterInput`), because the server's own reading of a tree answers with
 * a sentence that names the wrong condition; answers carry them typed.
 */
export const FilterInput = z.unknown().describe('A filter tree: docs/filters.md') as z.ZodType<unknown>;

const instant = z.string().describe('ISO 8601, UTC');

export const TrendPoint = z.object({
  day: z.string().describe('YYYY-MM-DD in the time zone of the workspace'),
  members: z.number().int(),
  entered: z.number().int(),
  left: z.number().int(),
});
export type TrendPoint = z.infer<typeof TrendPoint>;

/** How far a recomputation is; null while none runs. */
export const SegmentProgress = z.object({ done: z.number().int(), total: z.number().int() });

export const SegmentSummary = z.object({
  id: z.string(),
  key: z.string().describe('stable name for files and for other segments; never changes'),
  name: z.string(),
  description: z.string().nullable(),
  status: z.enum(['active', 'computing', 'archived']),
  sentence: z.string().describe('the definition read back in English'),
  memberCount: z.number().int(),
  progress: SegmentProgress.nullable(),
  templateKey: z.string().nullable(),
  trend: z.array(TrendPoint).describe('the last 30 days, oldest first, one point per day'),
  createdAt: instant,
  updatedAt: instant,
});
export type SegmentSummary = z.infer<typeof SegmentSummary>;
export const SegmentList = z.object({ segments: z.array(SegmentSummary) });
export type SegmentList = z.infer<typeof SegmentList>;

export const Segment = SegmentSummary.extend({
  definition: Filter,
  /** The definition that is being computed, where an edit is under way. */
  nextDefinition: Filter.nullable(),
  usedBy: z
    .array(z.object({ id: z.string(), key: z.string(), name: z.string() }))
    .describe('segments that name this one'),
});
export type Segment = z.infer<typeof Segment>;

export const SegmentMember = z.object({
  contactId: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  billingStatus: z.string(),
  planName: z.string().nullable(),
  mrrMinor: z.number().int().nullable(),
  mrrCurrency: z.string().nullable(),
  since: instant,
  /** When time alone may end the membership; null: never. */
  nextFlipAt: instant.nullable(),
});
export type SegmentMember = z.infer<typeof SegmentMember>;
export const SegmentMembersQuery = z.object({
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const SegmentMembers = z.object({ members: z.array(SegmentMember), nextCursor: z.string().nullable() });
export type SegmentMembers = z.infer<typeof SegmentMembers>;

export const SegmentKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,79}$/, 'A key has small letters, digits, - and _, and at most 80 of them.');
export const CreateSegment = z.object({
  name: z.string().trim().min(1).max(120),
  description: z.string().max(500).nullable().optional(),
  /** Made from the name where it is absent. */
  key: SegmentKey.optional(),
  definition: FilterInput,
  template: z.object({ key: z.string(), parameters: z.record(z.string(), z.unknown()) }).optional(),
});
export type CreateSegment = z.infer<typeof CreateSegment>;
export const UpdateSegment = z.object({
  name: z.string().trim().min(1).max(120).optional(),
  description: z.string().max(500).nullable().optional(),
  definition: FilterInput.optional(),
  /** Whether people who enter or leave by this edit count as entering and leaving: sequences then start for them. */
  publishTransitions: z.boolean().default(false),
});
export type UpdateSegment = z.infer<typeof UpdateSegment>;

/** Counting while editing. `exact` false: a sample, with the share of contacts that was looked at. */
export const PreviewSegment = z.object({ definition: FilterInput, exact: z.boolean().default(false) });
export const SegmentSample = z.object({
  contactId: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  billingStatus: z.string(),
  planName: z.string().nullable(),
});
export const SegmentPreview = z.object({
  sentence: z.string(),
  count: z.number().int(),
  isEstimate: z.boolean(),
  total: z.number().int().describe('contacts in the workspace; an estimate where the count is one'),
  sample: z.array(SegmentSample).max(5),
});
export type SegmentPreview = z.infer<typeof SegmentPreview>;

/** One node of the tree with its truth for one contact. */
export interface ExplainNode {
  readonly sentence: string;
  readonly op: string;
  readonly isTrue: boolean;
  /** The contact's own value at a condition, in words; null at a group. */
  readonly actual: string | null;
  /** When time alone may change the truth of this node; null: never. */
  readonly nextFlipAt: string | null;
  readonly children: readonly ExplainNode[];
}
export const ExplainNode: z.ZodType<ExplainNode> = z.lazy(() =>
  z.object({
    sentence: z.string(),
    op: z.string(),
    isTrue: z.boolean(),
    actual: z.string().nullable(),
    nextFlipAt: instant.nullable(),
    children: z.array(ExplainNode),
  }),
);
export const SegmentExplanation = z.object({
  segmentId: z.string(),
  segmentName: z.string(),
  contactId: z.string(),
  isMember: z.boolean(),
  /** Since when in (or, where known, out); null for somebody who never was in and whom time alone cannot bring in. */
  since: instant.nullable(),
  nextFlipAt: instant.nullable(),
  /** The whole answer in a sentence or two. */
  sentence: z.string(),
  tree: ExplainNode,
});
export type SegmentExplanation = z.infer<typeof SegmentExplanation>;

export const TemplateParameter = z.object({
  name: z.string(),
  ask: z.string().describe('the question, in plain words'),
  type: z.enum(['number', 'texts', 'text']),
  isRequired: z.boolean(),
  default: z.union([z.number(), z.string(), z.array(z.string())]).nullable(),
  min: z.number().optional(),
  max: z.number().optional(),
  unit: z.string().optional(),
  /** The property whose values of this workspace may be offered. */
  valuesOf: z.string().optional(),
  choices: z.array(z.string()).optional(),
});
export type TemplateParameter = z.infer<typeof TemplateParameter>;
export const SegmentTemplate = z.object({
  key: z.string(),
  name: z.string(),
  says: z.string(),
  pitfalls: z.array(z.string()).describe('who is left out on purpose, and why'),
  parameters: z.array(TemplateParameter),
  /** The definition with the default parameters, and its sentence. */
  definition: Filter,
  sentence: z.string(),
});
export type SegmentTemplate = z.infer<typeof SegmentTemplate>;
export const SegmentTemplates = z.object({ templates: z.array(SegmentTemplate) });
export type SegmentTemplates = z.infer<typeof SegmentTemplates>;
/** Makes a definition from a template, without saving: the builder opens with it. */
export const FillTemplate = z.object({ parameters: z.record(z.string(), z.unknown()).default({}) });
export const FilledTemplate = z.object({
  name: z.string(),
  key: z.string(),
  definition: Filter,
  sentence: z.string(),
});
export type FilledTemplate = z.infer<typeof FilledTemplate>;

/** What the builder offers: built-in properties, traits and events that this workspace has. */
export const FilterCatalogue = z.object({
  properties: z.array(
    z.object({
      property: z.string(),
      label: z.string(),
      says: z.string(),
      group: z.string(),
      type: z.enum(['text', 'number', 'money', 'boolean', 'date', 'list']),
      values: z.array(z.string()).describe('values to choose from: the closed list, or those seen in a sample'),
    }),
  ),
  events: z.array(z.object({ event: z.string(), says: z.string(), fields: z.array(z.string()) })),
  segments: z.array(z.object({ key: z.string(), name: z.string() })),
});
export type FilterCatalogue = z.infer<typeof FilterCatalogue>;

/** Segments as a file (YAML or JSON). Version 1. */
export const SegmentsFile = z.object({
  version: z.literal(1),
  segments: z.array(
    z.object({
      key: SegmentKey,
      name: z.string().trim().min(1).max(120),
      description: z.string().max(500).nullable().optional(),
      where: FilterInput,
    }),
  ),
});
export type SegmentsFile = z.infer<typeof SegmentsFile>;
export const ApplySegmentsFile = z.object({
  file: z.unknown(),
  /** Archive segments of the workspace that the file does not name. */
  prune: z.boolean().default(false),
  publishTransitions: z.boolean().default(false),
});
export const SegmentsDiff = z.object({
  changes: z.array(
    z.object({
      key: z.string(),
      change: z.enum(['create', 'update', 'rename', 'archive', 'none']),
      before: z.string().nullable().describe('the sentence as it is'),
      after: z.string().nullable().describe('the sentence as the file has it'),
    }),
  ),
});
export type SegmentsDiff = z.infer<typeof SegmentsDiff>;

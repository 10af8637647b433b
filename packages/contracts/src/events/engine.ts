import { z } from 'zod';

/** Events that GrowthOS makes itself: about contacts, segments, sequences and messages. */
export const PropertyChange = z.object({
  property: z.string(),
  old: z.unknown(),
  new: z.unknown(),
});
export type PropertyChange = z.infer<typeof PropertyChange>;

export const ContactUpdated = z.object({
  /** True in the event that made the contact. */
  is_new: z.boolean(),
  changes: z.array(PropertyChange).describe('each changed property with its old and new value: this is the history'),
});

export const ContactMerged = z.object({
  from_contact_id: z.string(),
  into_contact_id: z.string(),
  by: z.enum(['identify', 'person']),
});

export const ContactSplit = z.object({
  from_contact_id: z.string(),
  into_contact_id: z.string().describe('whom it belongs to now'),
  by: z.enum(['identify', 'person']),
  merge_id: z.string().optional().describe('where a merge was undone: which one'),
  origin_contact_ids: z
    .array(z.string())
    .optional()
    .describe('where a merge was undone: the contact that is back, and those that had been merged into it before'),
});

/** Of `contact_split`, where it undoes a merge: `into_contact_id` is the contact that is back. */
export const UndoneMerge = ContactSplit.required({ merge_id: true, origin_contact_ids: true });
export type UndoneMerge = z.infer<typeof UndoneMerge>;

const membership = z.object({ segment_id: z.string(), segment_key: z.string().nullable(), segment_name: z.string() });
export const SegmentEntered = membership;
export const SegmentLeft = membership;

const run = {
  sequence_id: z.string(),
  sequence_key: z.string().nullable(),
  sequence_name: z.string(),
  enrolment_id: z.string(),
};
export const SequenceEntered = z.object({ ...run, step_count: z.number().int(), is_holdout: z.boolean() });
export const SequenceStepDone = z.object({
  ...run,
  step_id: z.string(),
  step_index: z.number().int(),
  outcome: z.string(),
});
export const SequenceExited = z.object({
  ...run,
  reason: z.enum(['completed', 'goal', 'left_segment', 'person', 'edited', 'holdout_done', 'failed']),
  detail: z.string().nullable(),
  goal_event_id: z.string().nullable(),
});

/** Also after the run's end, within the sequence's goal window; the holdout reaches goals too. */
export const SequenceGoalMet = z.object({ ...run, is_holdout: z.boolean(), goal_event_id: z.string() });

const message = {
  message_id: z.string(),
  channel: z.enum(['email', 'in_app', 'team', 'webhook']),
  enrolment_id: z.string().nullable(),
  sequence_id: z.string().nullable(),
  step_id: z.string().nullable(),
  title: z.string().nullable().describe('the subject of an e-mail, the title of a nudge'),
};
export const MessageRequested = z.object({
  ...message,
  key: z.string().describe('(run, step): one message for it, ever'),
});
export const MessageSent = z.object(message);
export const MessageSkipped = z.object({ ...message, reason: z.string(), sentence: z.string() });
export const MessageFailed = z.object({ ...message, reason: z.string(), will_retry: z.boolean() });
export const MessageSeen = z.object({
  ...message,
  outcome: z.enum([
    'shown',
    'clicked',
    'dismissed',
    'snoozed',
    'expired',
    'opened',
    'bounced',
    'soft_bounced',
    'complained',
    'unsubscribed',
  ]),
  detail: z.string().nullable().optional().describe('what the other side said, where a mail came back'),
});

/** Name, schema and what it says: `docs/events.md` is made from this list and that of the billing events. */
export const ENGINE_EVENTS = {
  contact_updated: {
    schema: ContactUpdated,
    says: 'Properties of a contact changed, or the contact is new. Old and new values are the property history.',
  },
  contact_merged: { schema: ContactMerged, says: 'Two contacts turned out to be one person.' },
  contact_split: {
    schema: ContactSplit,
    says: 'Something of one contact turned out to belong to another one, or a merge was undone; told on both.',
  },
  segment_entered: { schema: SegmentEntered, says: 'A contact came into a segment: once per transition.' },
  segment_left: { schema: SegmentLeft, says: 'A contact left a segment: once per transition.' },
  sequence_entered: { schema: SequenceEntered, says: 'A contact started on a sequence.' },
  sequence_step_done: { schema: SequenceStepDone, says: 'A step of a sequence was done for a contact.' },
  sequence_exited: { schema: SequenceExited, says: 'A contact is out of a sequence, and why.' },
  sequence_goal_met: { schema: SequenceGoalMet, says: 'A contact reached the goal of a sequence: once per run.' },
  message_requested: { schema: MessageRequested, says: 'A step asks for a message; it is sent only if still allowed.' },
  message_sent: { schema: MessageSent, says: 'A message was handed to its channel.' },
  message_skipped: { schema: MessageSkipped, says: 'A message was not sent, and why.' },
  message_failed: { schema: MessageFailed, says: 'A channel refused a message.' },
  message_seen: {
    schema: MessageSeen,
    says: 'What became of a message: shown, clicked, dismissed, bounced, unsubscribed.',
  },
} as const satisfies Record<string, { schema: z.ZodType; says: string }>;

export type EngineEventName = keyof typeof ENGINE_EVENTS;
export type EngineEventData<N extends EngineEventName> = z.infer<(typeof ENGINE_EVENTS)[N]['schema']>;

import type { NewBusEvent } from '#bus/index.ts';
import type { MessageRow } from './message-row.ts';

type Told = Pick<
  MessageRow,
  'id' | 'workspace_id' | 'contact_id' | 'channel' | 'enrolment_id' | 'sequence_id' | 'step_id'
>;

/** An event about a message. `once` makes it one event for ever for this message; null for what may happen again. */
export function messageEvent(
  message: Told,
  input: { type: string; time: Date; title: string | null; data?: Record<string, unknown>; once: string | null },
): NewBusEvent {
  return {
    workspaceId: message.workspace_id,
    contactId: message.contact_id,
    type: input.type,
    source: 'growthos',
    time: input.time,
    data: {
      message_id: message.id,
      channel: message.channel,
      enrolment_id: message.enrolment_id,
      sequence_id: message.sequence_id,
      step_id: message.step_id,
      title: input.title,
      ...input.data,
    },
    cause: { kind: 'event', id: message.enrolment_id, type: 'message_requested' },
    ...(input.once === null ? {} : { dedupeKey: `message:${message.id}:${input.once}` }),
  };
}

/**
 * A message's states, and who moves it to what. A test walks this table.
 *
 * | from      | to        | by                                                                        |
 * |-----------|-----------|---------------------------------------------------------------------------|
 * | (none)    | requested | requests: `message_requested` on the bus, once for one (run, step)        |
 * | requested | requested | prepare: held for quiet hours, a cap, a pause; a channel that is down     |
 * | requested | skipped   | prepare: not allowed, or not to be rendered, with the reason              |
 * | requested | sending   | prepare: allowed and rendered, leased to this worker                      |
 * | requested | ready     | prepare: in the app; the browser side takes it from here                  |
 * | requested | sent      | prepare: into the captured inbox, in the same transaction                 |
 * | sending   | sent      | deliver: the channel took it                                              |
 * | sending   | requested | deliver: the channel is down; recover: the worker died before hand-over   |
 * | sending   | failed    | deliver: refused for good, or tried for three days                        |
 * | sending   | uncertain | recover: the worker died between hand-over and the answer; never repeated |
 * | ready     | sent      | in-app: shown                                                             |
 * | ready     | withdrawn | in-app: nobody came to see it in time                                     |
 * | uncertain | sent      | reports: told that it came back, so the server had taken it               |
 * | failed, uncertain | requested | send again: by a person                                           |
 * | requested, ready, sending (not handed over) | withdrawn | requests: its run ended early             |
 */
import type { MessageCategory, MessageChannel, MessageStatus } from '@growthos/contracts/sequence/category.ts';

export const MESSAGE_MOVES: Readonly<Record<MessageStatus, readonly MessageStatus[]>> = {
  requested: ['requested', 'skipped', 'sending', 'ready', 'sent', 'withdrawn'],
  ready: ['sent', 'withdrawn'],
  sending: ['sent', 'requested', 'failed', 'uncertain', 'withdrawn'],
  sent: [],
  skipped: [],
  withdrawn: [],
  failed: ['requested'],
  uncertain: ['requested', 'sent'],
};

export interface MessageRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly key: string;
  readonly contact_id: string | null;
  readonly enrolment_id: string | null;
  readonly sequence_id: string | null;
  readonly sequence_version: number | null;
  readonly step_id: string | null;
  readonly channel: MessageChannel;
  readonly category: MessageCategory;
  readonly priority: number;
  readonly status: MessageStatus;
  readonly requested_at: Date;
  readonly attempts: number;
  readonly payload: Record<string, unknown> | null;
  readonly subject: string | null;
  readonly is_test: boolean;
}

export const MESSAGE_COLUMNS = `id, workspace_id, key, contact_id, enrolment_id, sequence_id, sequence_version, step_id,
  channel, category, priority, status, requested_at, attempts, payload, subject, is_test`;

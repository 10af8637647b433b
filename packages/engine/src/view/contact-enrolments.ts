import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { many, type Queryable } from '#db/db.ts';
import { iso } from './billing-panel.ts';
import { exitWords } from './engine-titles.ts';
import { nextActionOf } from './next-action.ts';

type EnrolmentView = ContactPage['sequences'][number];

const ENDED_MAX = 5;

interface Row {
  id: string;
  sequence_id: string;
  name: string;
  status: string;
  entered_at: Date;
  step_id: string | null;
  step_number: number;
  step_count: number;
  next_due_at: Date | null;
  is_holdout: boolean;
  end_reason: string | null;
  trigger_type: string;
  definition: unknown;
}

export interface ContactEnrolment extends EnrolmentView {
  readonly triggerType: string;
  /** Whether what comes next reaches the person or the team. */
  readonly isNextMessage: boolean;
}

/** Runs of one contact: those under way, then the last few that ended. */
export async function enrolmentsOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactEnrolment[]> {
  const rows = await many<Row>(db, {
    name: 'view_enrolments',
    text: `(select e.id, e.sequence_id, s.name, e.status, e.entered_at, e.step_id, e.step_number, e.step_count,
              e.next_due_at, e.is_holdout, e.end_reason, e.trigger_type, v.definition
            from enrolment e join sequence s on s.id = e.sequence_id
              join sequence_version v on v.sequence_id = e.sequence_id and v.version = e.version
            where e.contact_id = $2 and e.workspace_id = $1 and e.status in ('active', 'paused')
            order by e.entered_at desc limit 50)
           union all
           (select e.id, e.sequence_id, s.name, e.status, e.entered_at, e.step_id, e.step_number, e.step_count,
              null, e.is_holdout, e.end_reason, e.trigger_type, null
            from enrolment e join sequence s on s.id = e.sequence_id
            where e.contact_id = $2 and e.workspace_id = $1 and e.status not in ('active', 'paused')
            order by e.ended_at desc nulls last limit ${ENDED_MAX})`,
    values: [input.workspaceId, input.contactId],
  });
  return rows.map(toEnrolment);
}

function toEnrolment(row: Row): ContactEnrolment {
  const isRunning = row.status === 'active' || row.status === 'paused';
  const next = isRunning && !row.is_holdout ? nextActionOf(row.definition, row.step_id) : null;
  return {
    id: row.id,
    sequenceId: row.sequence_id,
    name: row.name,
    status: isRunning ? 'running' : 'done',
    enteredAt: row.entered_at.toISOString(),
    step: isRunning ? Math.max(1, row.step_number) : null,
    stepCount: row.step_count,
    nextAction: row.status === 'paused' ? 'Paused by hand' : (next?.action ?? null),
    nextAt: row.status === 'active' && !row.is_holdout ? iso(row.next_due_at) : null,
    isHoldout: row.is_holdout,
    exitReason: row.end_reason === null ? null : exitWords(row.end_reason),
    triggerType: row.trigger_type,
    isNextMessage: next?.isMessage ?? false,
  };
}

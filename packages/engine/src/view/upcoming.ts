import type { UpcomingEntry } from '@growthos/contracts/http/timeline.ts';
import { many, type Queryable } from '#db/db.ts';
import { paymentMethodName } from './billing-words.ts';
import { enrolmentsOf } from './contact-enrolments.ts';
import { addDays, type Viewer } from './date-text.ts';
import { dataReader } from './event-data.ts';
import type { ContactRecordRow } from './load-contact.ts';
import { moneyView } from './money-text.ts';

/** How far ahead a membership that time alone would change is told. */
const FLIP_DAYS = 14;
const FLIPS_MAX = 3;
/** A card's end is told this far ahead. */
const CARD_DAYS = 60;

/** What is due for one contact, soonest first: from Stripe's dates, running sequences, and segments that time changes. */
export async function upcomingOf(
  db: Queryable,
  input: { workspaceId: string; contact: ContactRecordRow; viewer: Viewer },
): Promise<UpcomingEntry[]> {
  const { contact, viewer, workspaceId } = input;
  const of = { workspaceId, contactId: contact.id };
  const [steps, flips] = await Promise.all([plannedSteps(db, of), plannedFlips(db, { ...of, viewer })]);
  return [...billingDates(contact, viewer), ...steps, ...flips].sort((left, right) => left.at.localeCompare(right.at));
}

function billingDates(contact: ContactRecordRow, viewer: Viewer): UpcomingEntry[] {
  const entries: UpcomingEntry[] = [];
  const plan = contact.plan_name ?? 'the plan';
  const add = (kind: UpcomingEntry['kind'], at: Date | null, rest: Omit<UpcomingEntry, 'id' | 'kind' | 'at'>): void => {
    if (at !== null && at > viewer.now) entries.push({ id: kind, kind, at: at.toISOString(), ...rest });
  };
  const failed = contact.failed_payment === null ? null : dataReader(contact.failed_payment);
  const amount = failed?.money('amount_minor')?.formatted ?? 'the payment';
  add('payment_retry', contact.next_payment_attempt_at, {
    title: `Stripe tries ${amount} again`,
    detail: null,
    unless: 'unless the invoice is paid before',
    tone: 'warn',
  });
  if (contact.billing_status === 'trialing') {
    const hasMethod = contact.payment_method_on_file === true;
    add('trial_end', contact.trial_end_date, {
      title: `Trial of ${plan} ends`,
      detail: hasMethod ? null : 'No payment method is on file.',
      unless: null,
      tone: hasMethod ? 'neutral' : 'warn',
    });
  }
  if (contact.cancels_at === null) {
    const mrr = contact.plan_interval === 'month' ? moneyView(contact.mrr_minor, contact.mrr_currency) : null;
    add('renewal', contact.billing_status === 'trialing' ? null : contact.renews_at, {
      title: `${plan === 'the plan' ? 'The plan' : plan} renews`,
      detail: mrr === null ? null : `${mrr.formatted}, before tax.`,
      unless: null,
      tone: 'neutral',
    });
  }
  add('cancellation', contact.cancels_at, {
    title: `${plan === 'the plan' ? 'The plan' : plan} ends`,
    detail: 'It is set to cancel.',
    unless: 'unless they change their mind',
    tone: 'bad',
  });
  const expiresAt = contact.payment_method_expires_at;
  if (contact.payment_method_on_file && expiresAt !== null && expiresAt <= addDays(viewer.now, CARD_DAYS)) {
    const name = paymentMethodName({
      isOnFile: true,
      brand: contact.payment_method_brand,
      last4: contact.payment_method_last4,
      expiresAt,
    });
    add('card_expiry', expiresAt, { title: `${name} expires`, detail: null, unless: null, tone: 'warn' });
  }
  return entries;
}

async function plannedSteps(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<UpcomingEntry[]> {
  const runs = await enrolmentsOf(db, input);
  return runs.flatMap((run) => {
    if (run.status !== 'running' || run.nextAt === null) return [];
    return [
      {
        id: `run:${run.id}`,
        at: run.nextAt,
        kind: 'sequence_step' as const,
        title: run.nextAction ?? `Next step of ${run.name}`,
        detail: `Step ${run.step} of ${run.stepCount} of ${run.name}.`,
        unless: run.isNextMessage ? 'unless something ends the sequence before' : null,
        tone: 'neutral' as const,
      },
    ];
  });
}

async function plannedFlips(
  db: Queryable,
  input: { workspaceId: string; contactId: string; viewer: Viewer },
): Promise<UpcomingEntry[]> {
  const rows = await many<{ id: string; name: string; is_member: boolean; next_flip_at: Date }>(db, {
    name: 'view_flips_of_contact',
    text: `select s.id, s.name, m.is_member, m.next_flip_at from segment_membership m
             join segment s on s.id = m.segment_id and s.version = m.version
           where m.contact_id = $2 and s.workspace_id = $1 and s.status <> 'archived'
             and m.next_flip_at > $3 and m.next_flip_at <= $4
           order by m.next_flip_at limit ${FLIPS_MAX}`,
    values: [input.workspaceId, input.contactId, input.viewer.now, addDays(input.viewer.now, FLIP_DAYS)],
  });
  return rows.map((row) => ({
    id: `segment:${row.id}`,
    at: row.next_flip_at.toISOString(),
    kind: 'segment_flip' as const,
    title: `${row.is_member ? 'Leaves' : 'Enters'} segment ${row.name}`,
    detail: null,
    unless: 'unless something else changes before',
    tone: 'neutral' as const,
  }));
}

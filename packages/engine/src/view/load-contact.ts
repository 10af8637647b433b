import { NotFoundError } from '#base/errors.ts';
import { one, type Queryable } from '#db/db.ts';
import { isUuid } from './cursor.ts';

/** One row of `contact`, as pages read it. */
export interface ContactRecordRow {
  readonly id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly user_id: string | null;
  readonly timezone: string | null;
  readonly locale: string | null;
  readonly country: string | null;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
  readonly first_seen_at: Date | null;
  readonly last_seen_at: Date | null;
  readonly billing_status: string;
  readonly plan: string | null;
  readonly plan_name: string | null;
  readonly tier: string | null;
  readonly plan_interval: string | null;
  readonly quantity: bigint | null;
  readonly mrr_minor: bigint | null;
  readonly mrr_currency: string | null;
  readonly mrr_by_currency: Readonly<Record<string, number>>;
  readonly trial_end_date: Date | null;
  readonly subscription_start_date: Date | null;
  readonly payment_method_on_file: boolean | null;
  readonly payment_method_brand: string | null;
  readonly payment_method_last4: string | null;
  readonly payment_method_expires_at: Date | null;
  readonly ltv_minor: bigint | null;
  readonly ltv_currency: string | null;
  readonly ltv_by_currency: Readonly<Record<string, number>>;
  readonly last_plan: string | null;
  readonly cancels_at: Date | null;
  readonly canceled_at: Date | null;
  readonly cancel_reason: string | null;
  readonly renews_at: Date | null;
  readonly last_payment_at: Date | null;
  readonly failed_attempts: number | null;
  readonly failed_payment_at: Date | null;
  readonly next_payment_attempt_at: Date | null;
  readonly failed_payment: Readonly<Record<string, unknown>> | null;
  readonly first_paid_at: Date | null;
  readonly collection_paused: boolean;
  readonly billing_warnings: unknown;
  readonly billing_as_of: Date | null;
  readonly engagement_score: number | null;
  readonly nps_score: number | null;
  readonly first_touch: Readonly<Record<string, unknown>> | null;
  readonly last_touch_before_payment: Readonly<Record<string, unknown>> | null;
  readonly acquisition_channel: string | null;
  readonly merged_into: string | null;
  readonly erased_at: Date | null;
}

/** The columns of `ContactRecordRow`, of a contact called `c`. */
export const CONTACT_COLUMNS = `c.id, c.email, c.name, c.user_id, c.timezone, c.locale, c.country, c.traits, c.created_at,
  c.first_seen_at, c.last_seen_at, c.billing_status, c.plan, c.plan_name, c.tier, c.plan_interval, c.quantity, c.mrr_minor,
  c.mrr_currency, c.mrr_by_currency, c.trial_end_date, c.subscription_start_date, c.payment_method_on_file,
  c.payment_method_brand, c.payment_method_last4, c.payment_method_expires_at, c.ltv_minor, c.ltv_currency,
  c.ltv_by_currency, c.last_plan, c.cancels_at, c.canceled_at, c.cancel_reason, c.renews_at, c.last_payment_at,
  c.failed_attempts, c.failed_payment_at, c.next_payment_attempt_at, c.failed_payment, c.first_paid_at,
  c.collection_paused, c.billing_warnings, c.billing_as_of, c.engagement_score, c.nps_score, c.first_touch,
  c.last_touch_before_payment, c.acquisition_channel, c.merged_into, c.erased_at`;

/** Merges are one hop deep in the graph; a few more are followed in case an undone one left a chain. */
const HOPS_MAX = 5;

/** The contact, or the one that it was merged into. @throws NotFoundError, for one of another workspace as well. */
export async function loadContact(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactRecordRow> {
  let id: string | null = input.contactId;
  for (let hop = 0; hop < HOPS_MAX && id !== null && isUuid(id); hop++) {
    const row: ContactRecordRow | undefined = await one<ContactRecordRow>(db, {
      name: 'view_contact',
      text: `select ${CONTACT_COLUMNS} from contact c where c.id = $1 and c.workspace_id = $2`,
      values: [id, input.workspaceId],
    });
    if (!row) break;
    if (row.erased_at !== null) throw new NotFoundError('This contact was erased, as the person asked.');
    if (row.merged_into === null) return row;
    id = row.merged_into;
  }
  throw new NotFoundError('There is no such contact in this workspace.');
}

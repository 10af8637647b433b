/**
 * The first page. In: a workspace. Out: who needs somebody today, how the segments stand, and whether the data is fresh.
 * Everything is read along an index or from a stored count: the page costs the same for ten contacts and a million.
 */
import type { Overview } from '@growthos/contracts/http/overview.ts';
import type { Clock } from '#base/clock.ts';
import { many, one, type Db, type Queryable } from '#db/db.ts';
import { sql } from '#db/sql.ts';
import { contactRef } from './contact-ref.ts';
import { sentencesOf } from './contact-sentences.ts';
import { countRows } from './count.ts';
import { addDays, type Viewer } from './date-text.ts';
import { CONTACT_COLUMNS, type ContactRecordRow } from './load-contact.ts';
import { moneyView } from './money-text.ts';
import { viewerOf } from './viewer.ts';

/** People shown, and how many of each kind of reason compete for the places. */
const PEOPLE_MAX = 12;
const OF_EACH_KIND_MAX = 12;
/** Counted no further: whoever has as many looks at the list. */
const UNCERTAIN_MAX = 1000;
/** A trial or a scheduled end counts as "today" when it is this near. */
const NEAR_DAYS = 3;

/** Questions of who is who that are counted. */
const QUESTIONS_MAX = 100;

type Needs = Overview['needsYou'];

export async function overview(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; timezone?: string | undefined; isCapturing: boolean },
): Promise<Overview> {
  const { db, clock } = deps;
  const { workspaceId } = input;
  const viewer = await viewerOf(deps, input);
  const [connection, freshness, segments, needsYou, questionCount, uncertainCount, contactTotal, setup] =
    await Promise.all([
      connectionOf(db, workspaceId),
      freshnessOf({ db, clock }, workspaceId),
      segmentsOf(db, workspaceId),
      needsYouOf(db, { workspaceId, viewer }),
      questionCountOf(db, workspaceId),
      uncertainOf(db, workspaceId),
      countRows(
        db,
        sql`from contact c where c.workspace_id = ${workspaceId} and c.merged_into is null and c.erased_at is null`,
      ),
      setupOf(db, { workspaceId, isCapturing: input.isCapturing }),
    ]);
  return { connection, freshness, segments, needsYou, questionCount, uncertainCount, contactTotal, setup };
}

async function connectionOf(db: Queryable, workspaceId: string): Promise<Overview['connection']> {
  const row = await one<{
    display_name: string | null;
    account: string;
    livemode: boolean;
    is_backfilling: boolean;
    trouble: string | null;
  }>(db, {
    text: `select a.display_name, a.account, a.livemode,
             exists (select 1 from backfill_run r where r.stripe_account_id = a.id and r.state = 'running') as is_backfilling,
             coalesce(
               (select 'its webhook endpoint is ' || e.observed from stripe_endpoint e
                where e.stripe_account_id = a.id and e.status = 'live' and e.observed in ('disabled', 'missing') limit 1),
               (select case r.state when 'failed' then 'reading its history failed' end from backfill_run r
                where r.stripe_account_id = a.id order by r.started_at desc limit 1)) as trouble
           from stripe_account a where a.workspace_id = $1 and a.status = 'active' order by a.connected_at limit 1`,
    values: [workspaceId],
  });
  if (!row) return { state: 'none', text: 'Stripe is not connected yet.', accountName: null };
  const accountName = row.display_name ?? row.account;
  const name = `${accountName}${row.livemode ? '' : ' (test mode)'}`;
  if (row.trouble !== null) {
    return { state: 'attention', text: `Connected to ${name}, but ${row.trouble}.`, accountName };
  }
  return row.is_backfilling
    ? { state: 'backfilling', text: `Reading the history of ${name}.`, accountName }
    : { state: 'connected', text: `Connected to ${name}.`, accountName };
}

async function freshnessOf(deps: { db: Queryable; clock: Clock }, workspaceId: string): Promise<Overview['freshness']> {
  const row = await one<{
    last_stripe: Date | null;
    last_track: Date | null;
    waiting: number;
    oldest: Date | null;
    dead: number;
  }>(deps.db, {
    name: 'view_freshness',
    text: `with waiting as (
             select e.received_at from inbox_pending p join inbox_event e using (seq) where e.workspace_id = $1 limit 10000)
           select
             (select received_at from inbox_event where workspace_id = $1 and source = 'stripe' order by seq desc limit 1)
               as last_stripe,
             (select received_at from inbox_event where workspace_id = $1 and source = 'track' order by seq desc limit 1)
               as last_track,
             (select count(*)::int from waiting) as waiting,
             (select min(received_at) from waiting) as oldest,
             (select count(*)::int from inbox_dead where workspace_id = $1)
               + (select count(*)::int from bus_dead_letter where workspace_id = $1 and replayed_at is null) as dead`,
    values: [workspaceId],
  });
  const lagMs = row?.oldest ? deps.clock.now().getTime() - row.oldest.getTime() : 0;
  return {
    lastStripeEventAt: row?.last_stripe?.toISOString() ?? null,
    lastProductEventAt: row?.last_track?.toISOString() ?? null,
    waitingCount: row?.waiting ?? 0,
    lagS: Math.max(0, Math.round(lagMs / 1000)),
    deadCount: row?.dead ?? 0,
  };
}

async function segmentsOf(db: Queryable, workspaceId: string): Promise<Overview['segments']> {
  const rows = await many<{ id: string; key: string; name: string; description: string | null; count: bigint }>(db, {
    name: 'view_segment_counts',
    text: `select id, key, name, description, member_count as count from segment
           where workspace_id = $1 and status <> 'archived' order by template is null, name limit 50`,
    values: [workspaceId],
  });
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    name: row.name,
    says: row.description,
    count: Number(row.count),
  }));
}

/** Open failures first, the newest on top; then the ends that are near: trials without a payment method, cancellations. */
async function needsYouOf(db: Queryable, input: { workspaceId: string; viewer: Viewer }): Promise<Needs> {
  const { workspaceId, viewer } = input;
  const rows = await many<ContactRecordRow & { at: Date; last_plan_name: string | null }>(db, {
    name: 'view_needs_you',
    text: `select * from (
             (select 1 as urgency, c.failed_payment_at as at, ${CONTACT_COLUMNS} from contact c
              where c.workspace_id = $1 and c.merged_into is null and c.failed_payment_at is not null
              order by c.failed_payment_at desc limit ${OF_EACH_KIND_MAX})
             union all
             (select 2, c.cancels_at, ${CONTACT_COLUMNS} from contact c
              where c.workspace_id = $1 and c.merged_into is null and c.cancels_at > $2 and c.cancels_at <= $3
                and c.failed_payment_at is null
              order by c.cancels_at limit ${OF_EACH_KIND_MAX})
             union all
             (select 3, c.trial_end_date, ${CONTACT_COLUMNS} from contact c
              where c.workspace_id = $1 and c.merged_into is null and c.billing_status = 'trialing'
                and c.trial_end_date > $2 and c.trial_end_date <= $3 and c.cancels_at is null
              order by c.trial_end_date limit ${OF_EACH_KIND_MAX})) people
           where erased_at is null
           order by urgency, case when urgency = 1 then extract(epoch from $2::timestamptz - at) else extract(epoch from at) end
           limit ${PEOPLE_MAX}`,
    values: [workspaceId, viewer.now, addDays(viewer.now, NEAR_DAYS)],
  });
  return rows.map((row) => {
    const [sentence] = sentencesOf(row, {
      viewer,
      context: { lastPlanName: null, sequences: [], isKnownToStripe: true },
    });
    return {
      contact: contactRef(row),
      sentence: sentence.text,
      tone: sentence.tone,
      mrr: moneyView(row.mrr_minor, row.mrr_currency),
      at: row.at.toISOString(),
    };
  });
}

/** Open conflicts whose claimants are still several contacts: the same as project/identity/conflict-queue lists. */
async function questionCountOf(db: Queryable, workspaceId: string): Promise<number> {
  const row = await one<{ count: number }>(db, {
    name: 'view_question_count',
    text: `select count(*)::int as count from (
             select 1 from identity_conflict c
             where c.workspace_id = $1 and c.resolved_at is null and (
               select count(distinct i.contact_id) from jsonb_array_elements_text(c.claimants) k
                 join contact_identity i on i.workspace_id = c.workspace_id and i.kind = split_part(k, ':', 1)
                   and i.value = substr(k, length(split_part(k, ':', 1)) + 2)) > 1
             limit ${QUESTIONS_MAX}) open`,
    values: [workspaceId],
  });
  return row?.count ?? 0;
}

async function uncertainOf(db: Queryable, workspaceId: string): Promise<number> {
  const row = await one<{ count: number }>(db, {
    name: 'view_uncertain',
    text: `select count(*)::int as count from (
             select 1 from message where workspace_id = $1 and status = 'uncertain' limit ${UNCERTAIN_MAX}) m`,
    values: [workspaceId],
  });
  return row?.count ?? 0;
}

/** `isCapturing`: no mail leaves this server, so there is no rehearsal to end. */
async function setupOf(
  db: Queryable,
  input: { workspaceId: string; isCapturing: boolean },
): Promise<Overview['setup']> {
  const row = await one<Record<'stripe' | 'snippet' | 'sequence' | 'sender' | 'sending', boolean>>(db, {
    name: 'view_setup',
    text: `select exists (select 1 from stripe_account where workspace_id = $1 and status = 'active') as stripe,
             exists (select 1 from inbox_event where workspace_id = $1 and source = 'track') as snippet,
             exists (select 1 from sequence where workspace_id = $1 and status = 'live') as sequence,
             exists (select 1 from sending_rules where workspace_id = $1 and rules ->> 'founderEmail' is not null) as sender,
             exists (select 1 from sending_rules where workspace_id = $1 and rules ->> 'isDryRun' = 'false') as sending`,
    values: [input.workspaceId],
  });
  return [
    { key: 'connect_stripe', label: 'Connect Stripe', isDone: row?.stripe ?? false },
    { key: 'install_snippet', label: 'Put the snippet into your app', isDone: row?.snippet ?? false },
    { key: 'set_sender', label: 'Say who your messages come from', isDone: row?.sender ?? false },
    { key: 'switch_on_sequence', label: 'Switch on a sequence', isDone: row?.sequence ?? false },
    ...(input.isCapturing
      ? []
      : [
          {
            key: 'switch_on_sending' as const,
            label: 'End the rehearsal: let messages out',
            isDone: row?.sending ?? false,
          },
        ]),
  ];
}

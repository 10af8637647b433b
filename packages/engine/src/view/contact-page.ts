/**
 * Everything about one person above the timeline. In: a contact, and the viewer's time zone. Out: the page, whole. A
 * contact that was merged away answers with the one it became; one of another workspace does not exist.
 */
import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import type { Clock } from '#base/clock.ts';
import { many, type Db, type Queryable } from '#db/db.ts';
import { billingPanel, iso } from './billing-panel.ts';
import { linkedWords } from './billing-titles.ts';
import { enrolmentsOf } from './contact-enrolments.ts';
import { contactName } from './contact-ref.ts';
import { sentencesOf } from './contact-sentences.ts';
import { invoicesOf, planNames, subscriptionsOf } from './contact-stripe.ts';
import { dataReader } from './event-data.ts';
import { type ContactRecordRow, loadContact } from './load-contact.ts';
import { stripeLink } from './stripe-link.ts';
import { viewerOf } from './viewer.ts';

interface Input {
  readonly workspaceId: string;
  readonly contactId: string;
  readonly timezone?: string | undefined;
}

export async function contactPage(
  deps: { db: Db; clock: Clock; billingWarningTexts: Readonly<Record<string, string>> },
  input: Input,
): Promise<ContactPage> {
  const { db, clock } = deps;
  const { workspaceId } = input;
  const viewer = await viewerOf({ db, clock }, input);
  const contact = await loadContact(db, input);
  const of = { workspaceId, contactId: contact.id };
  const [identities, companies, segments, sequences, invoices, subscriptions, names] = await Promise.all([
    identitiesOf(db, of),
    companiesOf(db, of),
    segmentsOf(db, of),
    enrolmentsOf(db, of),
    invoicesOf(db, of),
    subscriptionsOf(db, of),
    planNames(db, { workspaceId, prices: contact.last_plan === null ? [] : [contact.last_plan] }),
  ]);
  const running = sequences.filter((run) => run.status === 'running' && !run.isHoldout);
  const sentences = sentencesOf(contact, {
    viewer,
    context: {
      lastPlanName: names.get(contact.last_plan ?? '') ?? null,
      sequences: running.map((run) => ({ name: run.name, step: run.step ?? 1, stepCount: run.stepCount })),
      isKnownToStripe: identities.some((identity) => identity.kind === 'stripe_customer'),
    },
  });
  return {
    id: contact.id,
    name: contactName(contact),
    email: contact.email,
    sentences,
    billing: billingPanel(contact, { now: viewer.now, warningTexts: deps.billingWarningTexts }),
    ...personOf(contact),
    identities,
    companies,
    segments,
    sequences: sequences.map(({ triggerType: _trigger, isNextMessage: _isMessage, ...run }) => run),
    invoices,
    subscriptions,
  };
}

function personOf(contact: ContactRecordRow): Pick<ContactPage, 'about' | 'traits' | 'acquisition'> {
  return {
    about: {
      userId: contact.user_id,
      createdAt: contact.created_at.toISOString(),
      firstSeenAt: iso(contact.first_seen_at),
      lastSeenAt: iso(contact.last_seen_at),
      engagementScore: contact.engagement_score,
      npsScore: contact.nps_score,
      country: contact.country,
      timezone: contact.timezone,
      locale: contact.locale,
    },
    traits: Object.entries(contact.traits)
      .map(([name, value]) => ({ name, value }))
      .sort((left, right) => left.name.localeCompare(right.name)),
    acquisition: {
      channel: contact.acquisition_channel,
      firstTouch: touchOf(contact.first_touch),
      lastTouchBeforePayment: touchOf(contact.last_touch_before_payment),
    },
  };
}

/** A touch as it was stored: with the names of utm parameters, with or without their prefix. */
function touchOf(stored: Readonly<Record<string, unknown>> | null): ContactPage['acquisition']['firstTouch'] {
  if (stored === null) return null;
  const read = dataReader(stored);
  const utm = (name: string): string | null => read.text(`utm_${name}`) ?? read.text(name);
  return {
    at: read.date('at')?.toISOString() ?? null,
    source: utm('source'),
    medium: utm('medium'),
    campaign: utm('campaign'),
    term: utm('term'),
    content: utm('content'),
    referrerDomain: read.text('referrer_domain') ?? domainOf(read.text('referrer')),
    landingPage: read.text('landing_page') ?? read.text('url') ?? read.text('path'),
    isFromStripe: read.text('origin') === 'stripe_metadata',
  };
}

function domainOf(referrer: string | null): string | null {
  if (referrer === null || !URL.canParse(referrer)) return referrer;
  return new URL(referrer).hostname.replace(/^www\./, '');
}

const IDENTITY_LABELS = {
  user_id: 'User ID',
  anonymous_id: 'Browser',
  email: 'E-mail',
  stripe_customer: 'Stripe customer',
} as const;

async function identitiesOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactPage['identities']> {
  const rows = await many<{
    kind: keyof typeof IDENTITY_LABELS;
    value: string;
    source: string;
    linked_by: string;
    linked_at: Date;
    mode: string;
  }>(db, {
    name: 'view_identities',
    text: `select i.kind, i.value, i.source, i.linked_by, i.linked_at, w.mode from contact_identity i
             join workspace w on w.id = i.workspace_id
           where i.contact_id = $2 and i.workspace_id = $1
           order by array_position(array['stripe_customer', 'user_id', 'email', 'anonymous_id'], i.kind), i.linked_at, i.value
           limit 100`,
    values: [input.workspaceId, input.contactId],
  });
  return rows.map((row) => {
    const [account = '', customer = ''] = row.value.split('/');
    const isCustomer = row.kind === 'stripe_customer';
    return {
      kind: row.kind,
      label: IDENTITY_LABELS[row.kind],
      value: isCustomer ? customer : row.value,
      source: row.source,
      linkedBy: linkedWords(row.linked_by) ?? row.linked_by,
      linkedAt: row.linked_at.toISOString(),
      url: isCustomer ? stripeLink({ account, livemode: row.mode === 'live', path: `customers/${customer}` }) : null,
    };
  });
}

/** More members than this are told as a round number: nobody counts them one by one on a person's page. */
const MEMBERS_MAX = 1000;

async function companiesOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactPage['companies']> {
  const rows = await many<{
    id: string;
    name: string | null;
    domain: string | null;
    group_id: string | null;
    role: string | null;
    since: Date;
    stripe_customer: string | null;
    member_count: number;
  }>(db, {
    name: 'view_companies',
    text: `select k.id, k.name, k.domain, k.group_id, m.role, m.since, k.stripe_customer,
             (select count(*)::int from (select 1 from company_membership o where o.company_id = k.id
              limit ${MEMBERS_MAX}) counted) as member_count
           from company_membership m join company k on k.id = m.company_id
           where m.contact_id = $2 and m.workspace_id = $1 order by m.since, k.id limit 50`,
    values: [input.workspaceId, input.contactId],
  });
  return rows.map((row) => ({
    id: row.id,
    name: row.name ?? row.domain ?? row.group_id ?? 'Unnamed company',
    domain: row.domain,
    role: row.role,
    since: row.since.toISOString(),
    stripeCustomer: row.stripe_customer,
    memberCount: row.member_count,
  }));
}

async function segmentsOf(
  db: Queryable,
  input: { workspaceId: string; contactId: string },
): Promise<ContactPage['segments']> {
  const rows = await many<{ id: string; key: string; name: string; since: Date; next_flip_at: Date | null }>(db, {
    name: 'view_segments_of_contact',
    text: `select s.id, s.key, s.name, m.since, m.next_flip_at from segment_membership m
             join segment s on s.id = m.segment_id and s.version = m.version
           where m.contact_id = $2 and m.is_member and s.workspace_id = $1 and s.status <> 'archived'
           order by m.since desc, s.name`,
    values: [input.workspaceId, input.contactId],
  });
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    name: row.name,
    since: row.since.toISOString(),
    nextFlipAt: iso(row.next_flip_at),
  }));
}

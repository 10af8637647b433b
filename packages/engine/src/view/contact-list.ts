/**
 * The list of people. In: filters, a sort and a place in the list. Out: one page, read along an index, so that the last
 * page of a million contacts costs as much as the first. People without the value that is sorted by come last.
 */
import type { ContactList, ContactListQuery, ContactRow, ContactSort } from '@growthos/contracts/http/contacts.ts';
import { many, type Db } from '#db/db.ts';
import { join, raw, type Sql, sql } from '#db/sql.ts';
import { isBillingStatus, statusWords } from './billing-words.ts';
import { contactName } from './contact-ref.ts';
import { findContactIds, wordsOf } from './contact-search.ts';
import { countRows } from './count.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { moneyView } from './money-text.ts';

/** A search by words looks at no more people than this: whoever types one letter gets some, at once. */
const SEARCH_HITS_MAX = 5000;

interface Row {
  id: string;
  name: string | null;
  email: string | null;
  user_id: string | null;
  billing_status: string;
  plan_name: string | null;
  tier: string | null;
  mrr_minor: bigint | null;
  mrr_currency: string | null;
  ltv_minor: bigint | null;
  ltv_currency: string | null;
  trial_end_date: Date | null;
  created_at: Date;
  last_seen_at: Date | null;
  engagement_score: number | null;
  sort_value: string | null;
}

/** What a sort reads. `value` is not null for whom it sorts; its text form goes into the cursor and back by `cast`. */
const SORTS: Readonly<
  Record<ContactSort, { value: Sql; direction: 'asc' | 'desc'; cast: string; only: Sql | null; hasRest: boolean }>
> = {
  newest: { value: sql`c.created_at`, direction: 'desc', cast: 'timestamptz', only: null, hasRest: false },
  last_seen: {
    value: sql`c.last_seen_at`,
    direction: 'desc',
    cast: 'timestamptz',
    only: sql`c.last_seen_at is not null`,
    hasRest: true,
  },
  mrr: {
    value: sql`c.mrr_minor`,
    direction: 'desc',
    cast: 'bigint',
    only: sql`c.mrr_minor is not null`,
    hasRest: true,
  },
  ltv: {
    value: sql`c.ltv_minor`,
    direction: 'desc',
    cast: 'bigint',
    only: sql`c.ltv_minor is not null`,
    hasRest: true,
  },
  name: {
    value: sql`lower(coalesce(c.name, c.email))`,
    direction: 'asc',
    cast: 'text',
    only: sql`coalesce(c.name, c.email) is not null`,
    hasRest: true,
  },
  trial_end: {
    value: sql`c.trial_end_date`,
    direction: 'asc',
    cast: 'timestamptz',
    only: sql`c.billing_status = 'trialing' and c.trial_end_date is not null`,
    hasRest: false,
  },
};

export async function contactList(
  deps: { db: Db },
  input: ContactListQuery & { workspaceId: string },
): Promise<ContactList> {
  const { db } = deps;
  const from = await filteredContacts(db, input);
  if (from === null) return { rows: [], nextCursor: null, total: { count: 0, isExact: true } };
  const rows = await readPage(db, { from, query: input });
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return {
    rows: page.map(toContactRow),
    nextCursor: rows.length > input.limit && last ? encodeCursor([last.sort_value, last.id]) : null,
    total: input.cursor === undefined ? await countRows(db, from) : null,
  };
}

/** FROM and WHERE of all filters; null when a search can have no hit. */
async function filteredContacts(db: Db, input: ContactListQuery & { workspaceId: string }): Promise<Sql | null> {
  const where = [sql`c.workspace_id = ${input.workspaceId}`, sql`c.merged_into is null`, sql`c.erased_at is null`];
  if (input.status !== undefined) where.push(sql`c.billing_status = ${input.status}`);
  if (input.plan !== undefined) where.push(sql`c.plan = ${input.plan}`);
  if (input.tier !== undefined) where.push(sql`c.tier = ${input.tier}`);
  if (input.segmentId !== undefined) {
    where.push(sql`exists (
      select 1 from segment s join segment_membership m on m.segment_id = s.id and m.version = s.version
      where s.id = ${input.segmentId} and s.workspace_id = ${input.workspaceId} and m.contact_id = c.id and m.is_member)`);
  }
  if (input.companyId !== undefined) {
    where.push(sql`exists (select 1 from company_membership m where m.company_id = ${input.companyId}
      and m.workspace_id = ${input.workspaceId} and m.contact_id = c.id)`);
  }
  const only = SORTS[input.sort];
  if (!only.hasRest && only.only !== null) where.push(only.only);
  if (input.q === undefined || input.q === '') return sql`from contact c where ${join(where, ' and ')}`;
  const ids = await findContactIds(db, { workspaceId: input.workspaceId, q: input.q });
  if (ids.length > 0) return sql`from contact c where c.id = any(${ids}::uuid[]) and ${join(where, ' and ')}`;
  const words = wordsOf(input.q);
  if (words === null) return null;
  // The hits are taken first and apart: walking along the sort's index in search of a rare word would read everybody.
  return sql`from (
      select h.id from contact h where h.workspace_id = ${input.workspaceId} and h.merged_into is null
        and to_tsvector('simple'::regconfig, coalesce(h.name, '') || ' ' || translate(coalesce(h.email, ''), '@.+-_', '     '))
            @@ to_tsquery('simple', ${words})
      limit ${SEARCH_HITS_MAX}) hit
    join contact c on c.id = hit.id where ${join(where, ' and ')}`;
}

/** Up to one row more than the page: first those who have the value, then the others by id. */
async function readPage(db: Db, input: { from: Sql; query: ContactListQuery }): Promise<Row[]> {
  const { from, query } = input;
  const sort = SORTS[query.sort];
  const wanted = query.limit + 1;
  const [after, afterId] = query.cursor === undefined ? [undefined, undefined] : decodeCursor(query.cursor, 2);
  const rows: Row[] = [];
  if (after !== null) {
    const beyond = raw(sort.direction === 'desc' ? '<' : '>');
    const place =
      after === undefined
        ? sql``
        : sql` and (${sort.value} ${beyond} ${String(after)}::${raw(sort.cast)}
            or (${sort.value} = ${String(after)}::${raw(sort.cast)} and c.id > ${String(afterId)}::uuid))`;
    // The bound is told twice, once plainly, so that the index's range begins there.
    const bound =
      after === undefined
        ? sql``
        : sql` and ${sort.value} ${raw(sort.direction === 'desc' ? '<=' : '>=')} ${String(after)}::${raw(sort.cast)}`;
    const only = sort.only === null ? sql`` : sql` and ${sort.only}`;
    const text = sort.cast === 'timestamptz' ? sql`to_json(${sort.value}) #>> '{}'` : sql`(${sort.value})::text`;
    rows.push(
      ...(await many<Row>(
        db,
        sql`select ${COLUMNS}, ${text} as sort_value ${from}${only}${bound}${place}
            order by ${sort.value} ${raw(sort.direction)}, c.id limit ${wanted}`,
      )),
    );
  }
  if (rows.length >= wanted || !sort.hasRest) return rows;
  const place = after === null ? sql` and c.id > ${String(afterId)}::uuid` : sql``;
  const rest = await many<Row>(
    db,
    sql`select ${COLUMNS}, null as sort_value ${from} and (${sort.value}) is null${place}
        order by c.id limit ${wanted - rows.length}`,
  );
  return [...rows, ...rest];
}

const COLUMNS = sql`c.id, c.name, c.email, c.user_id, c.billing_status, c.plan_name, c.tier, c.mrr_minor, c.mrr_currency,
  c.ltv_minor, c.ltv_currency, c.trial_end_date, c.created_at, c.last_seen_at, c.engagement_score`;

function toContactRow(row: Row): ContactRow {
  return {
    id: row.id,
    name: contactName(row),
    email: row.email,
    billingStatus: isBillingStatus(row.billing_status) ? row.billing_status : 'none',
    billingStatusLabel: statusWords(row.billing_status).label,
    planName: row.plan_name,
    tier: row.tier,
    mrr: moneyView(row.mrr_minor, row.mrr_currency),
    ltv: moneyView(row.ltv_minor, row.ltv_currency),
    trialEndsAt: row.trial_end_date?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    engagementScore: row.engagement_score,
  };
}

/**
 * Contacts that a backfill has read something of. In: their ids, page by page. Out: each computed once when the reading is
 * over, and once before where the contact is new, so that people see it; not at every page, which would cost most of the
 * time and fill its history with figures of half-read accounts. What an event touches meanwhile is computed at once.
 * Everything here runs under the account's lock, so that marking and computing never cross. May be repeated.
 */
import type { EventCause } from '@growthos/contracts/events/envelope.ts';
import { addMs, type Clock, durationMs } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import { many, one, type Db, type Tx } from '#db/db.ts';
import { linkCustomers } from '../companies/link-customers.ts';
import { refreshCompanies } from '../companies/refresh-companies.ts';
import type { LoadedFacts } from '../contact-billing/load-facts.ts';
import { refreshBilling, type RefreshReason } from '../contact-billing/refresh-billing.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { loadContacts } from '../contacts/patch-contacts.ts';
import { identityPatches } from '../identity/identity-patches.ts';
import { type AccountScope, lockAccount } from '../objects/store.ts';
import type { ApplyDeps } from './refresh-people.ts';

/** How long a new contact is kept back while its account is being read. */
const NEW_AFTER_MS = durationMs({ seconds: 30 });
/** A reading that does not end (Stripe's troubles are waited out) holds nobody's figures back longer. */
const KNOWN_AFTER_MS = durationMs({ hours: 1 });
const BATCH_SIZE_MAX = 200;
/** How soon to look again whether the reading is over, while anybody waits for it. */
const LOOK_AGAIN_MS = 500;

/** Whoever is marked already is not written again, unless it was a minute ago: so exactly their update tells when. */
export async function markStale(
  deps: { clock: Clock },
  input: {
    tx: Tx;
    scope: AccountScope;
    contactIds: ReadonlySet<string>;
    newContactIds: ReadonlySet<string>;
    readAt: Date;
  },
): Promise<void> {
  const { tx, scope, newContactIds } = input;
  const contactIds = [...input.contactIds];
  if (contactIds.length === 0) return;
  const now = deps.clock.now();
  await tx.query({
    name: 'stale_mark',
    text: `insert into contact_stale as s (stripe_account, livemode, contact_id, workspace_id, is_new, read_at, due_at)
           select $1, $2, c.id, $3, c.is_new, $4, case when c.is_new then $5::timestamptz else $6::timestamptz end
           from unnest($7::uuid[], $8::boolean[]) as c (id, is_new)
           where not exists (select 1 from contact_stale k where k.stripe_account = $1 and k.livemode = $2
             and k.contact_id = c.id and k.read_at > $4::timestamptz - interval '1 minute' offset 0)
           on conflict (stripe_account, livemode, contact_id) do update set read_at = greatest(s.read_at, excluded.read_at)`,
    values: [
      scope.stripeAccount,
      scope.livemode,
      scope.workspaceId,
      input.readAt,
      addMs(now, NEW_AFTER_MS),
      addMs(now, KNOWN_AFTER_MS),
      contactIds,
      contactIds.map((id) => newContactIds.has(id)),
    ],
  });
}

/** Contacts that are about to be computed need not wait any more. @returns those that nobody has been told of. */
export async function takeStale(
  tx: Tx,
  input: { scope: AccountScope; contactIds: readonly string[] },
): Promise<ReadonlySet<string>> {
  if (input.contactIds.length === 0) return new Set();
  const rows = await many<{ id: string; isNew: boolean }>(tx, {
    name: 'stale_take',
    text: `delete from contact_stale s using unnest($3::uuid[]) as c (id)
           where s.stripe_account = $1 and s.livemode = $2 and s.contact_id = c.id
           returning s.contact_id as id, s.is_new as "isNew"`,
    values: [input.scope.stripeAccount, input.scope.livemode, [...input.contactIds]],
  });
  return new Set(rows.filter((row) => row.isNew).map((row) => row.id));
}

interface StaleRow {
  readonly id: string;
  readonly isNew: boolean;
  readonly readAt: Date;
  readonly isGone: boolean;
}

export function staleContactsWorker(deps: ApplyDeps & { db: Db }): Worker {
  return {
    name: 'project:stale-contacts',
    runOnce: () =>
      deps.db.transaction(async (tx) => {
        const scope = await findDue(tx, deps.clock.now());
        if (scope === undefined) return 0;
        await lockAccount(tx, scope);
        const rows = await many<StaleRow>(tx, {
          name: 'stale_batch',
          text: `select s.contact_id as id, s.is_new as "isNew", s.read_at as "readAt",
                   c.id is null or c.merged_into is not null or c.erased_at is not null as "isGone"
                 from contact_stale s left join contact c on c.id = s.contact_id
                 where s.stripe_account = $1 and s.livemode = $2 order by s.due_at limit $3`,
          values: [scope.stripeAccount, scope.livemode, BATCH_SIZE_MAX],
        });
        await takeStale(tx, { scope, contactIds: rows.map((row) => row.id) });
        await compute(deps, { tx, scope, rows: rows.filter((row) => !row.isGone) });
        return rows.length;
      }),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, { text: 'select min(due_at) as at from contact_stale' });
      return row?.at ? addMs(deps.clock.now(), LOOK_AGAIN_MS) : null;
    },
  };
}

/** The account whose turn it is: one that keeps a contact past its time, else one that is not being read any more. */
async function findDue(tx: Tx, now: Date): Promise<AccountScope | undefined> {
  const overdue = await one<AccountScope>(tx, {
    name: 'stale_overdue',
    text: `select workspace_id as "workspaceId", stripe_account as "stripeAccount", livemode from contact_stale
           where due_at <= $1 order by due_at limit 1`,
    values: [now],
  });
  if (overdue !== undefined) return overdue;
  return one<AccountScope>(tx, {
    name: 'stale_read',
    text: `select s.workspace_id as "workspaceId", a.account as "stripeAccount", a.livemode from stripe_account a
           cross join lateral (select workspace_id from contact_stale s
             where s.stripe_account = a.account and s.livemode = a.livemode limit 1) s
           where not exists (select 1 from backfill_run r where r.stripe_account_id = a.id and r.state = 'running')
           limit 1`,
  });
}

async function compute(
  deps: ApplyDeps,
  input: { tx: Tx; scope: AccountScope; rows: readonly StaleRow[] },
): Promise<void> {
  const { tx, scope, rows } = input;
  const { workspaceId } = scope;
  if (rows.length === 0) return;
  const cause: EventCause = { kind: 'backfill', id: null };
  const eventSource = `stripe:${scope.stripeAccount}`;
  const contacts = new Map<string, RefreshReason>(
    rows.map(({ id, isNew, readAt }) => [id, { at: readAt, cause, eventSource, isNew }]),
  );
  const records = await loadContacts(tx, [...contacts.keys()].sort());
  const rules = await loadRules(tx, workspaceId);
  const also = await identityPatches(tx, { workspaceId, records, occasions: contacts });
  const facts = await refreshBilling(deps, { tx, workspaceId, rules, contacts, also });
  const { identity: settings, hasCompanies } = rules;
  const customers = customersIn(facts, scope);
  const companyIds = await linkCustomers(deps, { tx, scope, settings, hasCompanies, customers, cause });
  await refreshCompanies(deps, { tx, workspaceId, rules, companyIds, at: deps.clock.now(), cause });
}

function customersIn(facts: LoadedFacts, scope: AccountScope): Parameters<typeof linkCustomers>[1]['customers'] {
  return [...facts.contacts.values()].flatMap(({ contactId, objects }) =>
    objects.flatMap(({ fact, stripeAccount, livemode, isDeleted }) =>
      fact.object === 'customer' && stripeAccount === scope.stripeAccount && livemode === scope.livemode
        ? [{ customerId: fact.id, contactId, customer: isDeleted ? null : fact }]
        : [],
    ),
  );
}

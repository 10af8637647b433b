/**
 * All contacts of a workspace under new rules. In: what `requestRecompute` asked for. Out: contacts computed anew in steps
 * of `STEP_SIZE` in the order of their ids, each step one transaction with its `contact_updated` events and the place that
 * it reached, so a crash costs one step. Events that come meanwhile are applied under the new rules already.
 */
import type { Clock } from '#base/clock.ts';
import type { Worker } from '#base/worker.ts';
import type { Publisher } from '#bus/index.ts';
import { type Db, many, one, type Tx } from '#db/db.ts';
import { channelOf } from '../acquisition/channel.ts';
import { loadChannelRules } from '../acquisition/channel-rules.ts';
import { readStoredTouch } from '../acquisition/touch.ts';
import { refreshCompanies } from '../companies/refresh-companies.ts';
import { refreshBilling } from '../contact-billing/refresh-billing.ts';
import { loadRules } from '../contact-billing/workspace-rules.ts';
import { type ContactPatch, loadContacts, patchContacts } from '../contacts/patch-contacts.ts';
import { resolveStored } from '../identity/resolve-stored.ts';
import type { Recomputable } from './request-recompute.ts';

const STEP_SIZE = 200;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

interface Deps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
}

interface OpenRequest {
  readonly workspaceId: string;
  readonly what: readonly Recomputable[];
  readonly after: string | null;
}

export function recomputeContactsWorker(deps: Deps): Worker {
  return {
    name: 'project:recompute',
    runOnce: () =>
      deps.db.transaction(async (tx) => {
        const open = await one<OpenRequest>(tx, {
          name: 'recompute_open',
          text: `select workspace_id as "workspaceId", what, after_contact_id as after from graph_recompute
                 where finished_at is null order by requested_at limit 1 for update skip locked`,
        });
        return open ? step(deps, { tx, open }) : 0;
      }),
    async nextDueAt() {
      const row = await one<{ at: Date | null }>(deps.db, {
        text: 'select min(requested_at) as at from graph_recompute where finished_at is null',
      });
      return row?.at ?? null;
    },
  };
}

async function step(deps: Deps, input: { tx: Tx; open: OpenRequest }): Promise<number> {
  const { tx, open } = input;
  const rows = await many<{ id: string }>(tx, {
    name: 'recompute_step',
    text: `select id from contact where workspace_id = $1 and id > $2 and merged_into is null and erased_at is null
           order by id limit $3`,
    values: [open.workspaceId, open.after ?? BEFORE_ALL, STEP_SIZE],
  });
  const contactIds = rows.map((row) => row.id);
  const isLast = rows.length < STEP_SIZE;
  const stale = new Set(open.what.includes('billing') ? contactIds : []);
  if (open.what.includes('identity')) {
    const occasion = { at: deps.clock.now(), cause, eventSource: 'growthos', isNew: false };
    const moved = await resolveStored(deps, { tx, workspaceId: open.workspaceId, contactIds, occasion });
    for (const contactId of moved) stale.add(contactId);
  }
  await refreshBillingOf(deps, { tx, workspaceId: open.workspaceId, contactIds: [...stale] });
  if (open.what.includes('channels')) await refreshChannels(deps, { tx, workspaceId: open.workspaceId, contactIds });
  if (isLast && open.what.includes('billing')) await refreshAllCompanies(deps, { tx, workspaceId: open.workspaceId });
  await tx.query({
    text: `update graph_recompute set after_contact_id = $2, contacts_done = contacts_done + $3, finished_at = $4
           where workspace_id = $1`,
    values: [open.workspaceId, contactIds.at(-1) ?? open.after, rows.length, isLast ? deps.clock.now() : null],
  });
  return Math.max(1, rows.length);
}

const cause = { kind: 'time' as const, id: 'settings' };

async function refreshBillingOf(
  deps: Deps,
  input: { tx: Tx; workspaceId: string; contactIds: readonly string[] },
): Promise<void> {
  const { tx, workspaceId } = input;
  const reason = { at: deps.clock.now(), cause, eventSource: 'growthos', isNew: false };
  const contacts = new Map(input.contactIds.map((id) => [id, reason]));
  await refreshBilling(deps, { tx, workspaceId, rules: await loadRules(tx, workspaceId), contacts });
}

async function refreshChannels(
  deps: Deps,
  input: { tx: Tx; workspaceId: string; contactIds: readonly string[] },
): Promise<void> {
  const { tx, workspaceId } = input;
  const rules = await loadChannelRules(tx, workspaceId);
  const loaded = await loadContacts(tx, input.contactIds);
  const patches = [...loaded.values()].flatMap((record): ContactPatch[] => {
    const touch = readStoredTouch(record.first_touch);
    if (touch === null) return [];
    const set = { acquisition_channel: channelOf(touch, rules) };
    const at = deps.clock.now();
    return [{ contactId: record.id, set, source: null, isNew: false, at, cause, eventSource: 'growthos' }];
  });
  await patchContacts(deps, { tx, workspaceId, loaded, patches });
}

async function refreshAllCompanies(deps: Deps, input: { tx: Tx; workspaceId: string }): Promise<void> {
  const { tx, workspaceId } = input;
  const rows = await many<{ company_id: string }>(tx, {
    text: 'select distinct company_id from company_customer where workspace_id = $1',
    values: [workspaceId],
  });
  const rules = await loadRules(tx, workspaceId);
  for (let from = 0; from < rows.length; from += STEP_SIZE) {
    const companyIds = rows.slice(from, from + STEP_SIZE).map((row) => row.company_id);
    await refreshCompanies(deps, { tx, workspaceId, rules, companyIds, at: deps.clock.now(), cause });
  }
}

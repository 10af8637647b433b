import { Done } from '@growthos/contracts/http/error-body.ts';
import {
  CompanyCustomer,
  CompareQuery,
  Comparison,
  ContactMerges,
  EraseContact,
  IdentityConflicts,
  MergeContact,
  MergeDone,
  ResolveConflict,
  UndoDone,
} from '@growthos/contracts/http/identity.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Access, type AuditNote, recordAudit } from '#access/index.ts';
import type { Clock } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import type { Db, Tx } from '#db/db.ts';
import type { Publisher } from '#bus/index.ts';
import {
  contactRefs,
  eraseContact,
  type Erased,
  linkCustomerByPerson,
  listConflicts,
  mergeByPerson,
  resolveConflict,
  undoMerge,
} from '#project/index.ts';
import { candidates, contactMerges, recentMerges } from '#view/index.ts';

export interface IdentityRoutesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly publisher: Publisher;
  /** What other stages forget of an erased person, in the same transaction. */
  readonly alsoErase?: (tx: Tx, erased: Erased & { readonly workspaceId: string }) => Promise<void>;
}

const CONFLICTS_MAX = 200;
const COMPARED_MAX = 10;
const ById = z.object({ id: z.uuid() });
const tags = ['Identity'];

/** `/api/identity/*` and merges and erasure of contacts: who is who, where a person decides. Each decision is audited. */
export function identityRoutes(deps: IdentityRoutesDeps): FastifyPluginAsyncZod {
  const decide = <T>(
    access: Access,
    work: (decision: Decision) => Promise<{ answer: T; note: AuditNote }>,
  ): Promise<T> =>
    deps.db.transaction(async (tx) => {
      const { answer, note } = await work({ tx, workspaceId: access.workspaceId, personId: access.personId });
      await recordAudit({ db: tx, clock: deps.clock }, { access, ...note });
      return answer;
    });
  return async (app) => {
    await app.register(conflictRoutes(deps, decide));
    await app.register(mergeRoutes(deps, decide));
    await app.register(otherRoutes(deps, decide));
    await app.register(eraseRoutes(deps, decide));
  };
}

interface Decision {
  readonly tx: Tx;
  readonly workspaceId: string;
  readonly personId: string | null;
}
type Decide = <T>(access: Access, work: (decision: Decision) => Promise<{ answer: T; note: AuditNote }>) => Promise<T>;

function conflictRoutes(deps: IdentityRoutesDeps, decide: Decide): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/identity/conflicts',
      { schema: { tags, summary: 'Identities that several people claim', response: { 200: IdentityConflicts } } },
      async (request) => {
        const { workspaceId } = request.access;
        const conflicts = await listConflicts(deps.db, { workspaceId, limit: CONFLICTS_MAX });
        const contactIds = conflicts.flatMap((one) => [one.belongsTo, ...one.candidates.map((each) => each.contactId)]);
        const cards = await candidates(deps, { workspaceId, contactIds });
        return {
          conflicts: conflicts.flatMap((one) => {
            const owner = cards.get(one.belongsTo);
            if (!owner) return [];
            return [
              {
                ...one,
                openedAt: one.openedAt.toISOString(),
                belongsTo: { id: owner.id, name: owner.name, email: owner.email },
                candidates: one.candidates.flatMap(({ contactId, claimedAs }) => {
                  const contact = cards.get(contactId);
                  return contact ? [{ contact, claimedAs: [...claimedAs] }] : [];
                }),
              },
            ];
          }),
        };
      },
    );
    app.post(
      '/api/identity/conflicts/:id/resolve',
      { schema: { tags, summary: 'Answer a conflict', params: ById, body: ResolveConflict, response: { 200: Done } } },
      async (request) =>
        decide(request.access, async (decision) => {
          const { id } = request.params;
          const resolution = request.body;
          const { identity } = await resolveConflict(deps, { ...decision, conflictId: id, resolution });
          const said =
            resolution.action === 'keep_apart'
              ? 'Left it where it is'
              : resolution.action === 'link'
                ? `Linked it to contact ${resolution.contactId}`
                : `Merged all who claim it into contact ${resolution.contactId}`;
          const text = `Answered whose ${identity.kind.replace('_', ' ')} this is. ${said}`;
          return { answer: { ok: true as const }, note: { action: 'identity.conflict_resolved', subject: id, text } };
        }),
    );
  };
}

function mergeRoutes(deps: IdentityRoutesDeps, decide: Decide): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api/contacts/:id/merge',
      {
        schema: {
          tags,
          summary: 'Make one contact of two',
          params: ById,
          body: MergeContact,
          response: { 200: MergeDone },
        },
      },
      async (request) =>
        decide(request.access, async (decision) => {
          const { id: from } = request.params;
          const { into } = request.body;
          const { mergeId } = await mergeByPerson(deps, { ...decision, from, into });
          const text = `Merged contact ${from} into contact ${into}`;
          return { answer: { mergeId, contactId: into }, note: { action: 'contact.merged', subject: into, text } };
        }),
    );
    app.get(
      '/api/contacts/:id/merges',
      { schema: { tags, summary: 'What was merged into a contact', params: ById, response: { 200: ContactMerges } } },
      async (request) => contactMerges(deps, { workspaceId: request.access.workspaceId, contactId: request.params.id }),
    );
    app.get(
      '/api/identity/merges',
      { schema: { tags, summary: 'What was merged lately', response: { 200: ContactMerges } } },
      async (request) => recentMerges(deps, { workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/identity/compare',
      {
        schema: { tags, summary: 'People side by side', querystring: CompareQuery, response: { 200: Comparison } },
      },
      async (request) => {
        const contactIds = z.array(z.uuid()).max(COMPARED_MAX).safeParse(request.query.contactIds.split(','));
        if (!contactIds.success) {
          throw new InvalidInputError(`Name up to ${COMPARED_MAX} contacts by their ids.`, { field: 'contactIds' });
        }
        const { workspaceId } = request.access;
        const cards = await candidates(deps, { workspaceId, contactIds: contactIds.data });
        return { contacts: contactIds.data.flatMap((id) => cards.get(id) ?? []) };
      },
    );
    app.post(
      '/api/identity/merges/:id/undo',
      { schema: { tags, summary: 'Part two contacts again', params: ById, response: { 200: UndoDone } } },
      async (request) =>
        decide(request.access, async (decision) => {
          const { from, into } = await undoMerge(deps, { ...decision, mergeId: request.params.id });
          const text = `Undid the merge of contact ${from} into contact ${into}`;
          const answer = { contactId: into, restoredContactId: from };
          return { answer, note: { action: 'contact.merge_undone', subject: into, text } };
        }),
    );
  };
}

function otherRoutes(deps: IdentityRoutesDeps, decide: Decide): FastifyPluginAsyncZod {
  return async (app) => {
    app.put(
      '/api/identity/company-customers',
      {
        schema: {
          tags,
          summary: 'Say which company a Stripe customer is',
          body: CompanyCustomer,
          response: { 200: Done },
        },
      },
      async (request) =>
        decide(request.access, async (decision) => {
          const { stripeCustomer, companyId } = request.body;
          await linkCustomerByPerson(deps, { ...decision, stripeCustomer, companyId });
          const text =
            companyId === null
              ? `Left it to Stripe's metadata which company ${stripeCustomer} is`
              : `Linked ${stripeCustomer} to company ${companyId}`;
          return {
            answer: { ok: true as const },
            note: { action: 'company.customer_linked', subject: companyId, text },
          };
        }),
    );
  };
}

function eraseRoutes(deps: IdentityRoutesDeps, decide: Decide): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api/contacts/:id/erase',
      {
        config: { role: 'admin' },
        schema: {
          tags,
          summary: 'Forget a person for ever',
          params: ById,
          body: EraseContact,
          response: { 200: Done },
        },
      },
      async (request) =>
        decide(request.access, async (decision) => {
          const { id } = request.params;
          const refOf = await contactRefs(decision.tx, { workspaceId: decision.workspaceId, contactIds: [id] });
          if (![refOf(id).email, refOf(id).name, id].includes(request.body.confirm)) {
            throw new InvalidInputError('Type the e-mail address of this person, or the id of the contact.', {
              field: 'confirm',
            });
          }
          const { alsoErase } = deps;
          const { tx, workspaceId } = decision;
          await eraseContact(deps, {
            tx,
            workspaceId,
            contactId: id,
            ...(alsoErase ? { also: (within, erased) => alsoErase(within, { ...erased, workspaceId }) } : {}),
          });
          const text = `Erased contact ${id}`;
          return { answer: { ok: true as const }, note: { action: 'contact.erased', subject: id, text } };
        }),
    );
  };
}

import { Done } from '@growthos/contracts/http/error-body.ts';
import {
  BusEventDetail,
  BusEventList,
  BusEventQuery,
  DeadLetterList,
  EventTypes,
  LedgerEvent,
  LedgerList,
  LedgerQuery,
} from '@growthos/contracts/http/events.ts';
import { PageQuery } from '@growthos/contracts/http/paging.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Access, recordAudit } from '#access/index.ts';
import { ConflictError, GrowthError, messageOf, NotFoundError } from '#base/errors.ts';
import {
  busEventDetail,
  busEventList,
  deadLetters,
  eventTypes,
  ledgerEvent,
  ledgerList,
  ledgerSeqOf,
} from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const SeqParams = z.object({ seq: z.string().regex(/^\d{1,18}$/, 'The number of an event in the ledger') });
const IdParams = z.object({ id: z.string().max(100) });
const tags = ['Events'];

/** `/api/events` (the ledger), `/api/bus-events`, `/api/dead-letters`: what came in, what was made of it, what got stuck. */
export function eventRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/events',
      { schema: { tags, querystring: LedgerQuery, response: { 200: LedgerList } } },
      async (request) => ledgerList(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get('/api/events/types', { schema: { tags, response: { 200: EventTypes } } }, async (request) =>
      eventTypes(deps, { workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/events/:seq',
      { schema: { tags, params: SeqParams, response: { 200: LedgerEvent } } },
      async (request) => ledgerEvent(deps, { workspaceId: request.access.workspaceId, seq: request.params.seq }),
    );
    app.post(
      '/api/events/:seq/replay',
      { schema: { tags, params: SeqParams, response: { 200: Done } } },
      async (request) => {
        await deps.actions.replayLedgerEvent({ access: request.access, seq: BigInt(request.params.seq) });
        return replayed(deps, { access: request.access, subject: request.params.seq });
      },
    );
    app.get(
      '/api/bus-events',
      { schema: { tags, querystring: BusEventQuery, response: { 200: BusEventList } } },
      async (request) => busEventList(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/bus-events/:id',
      { schema: { tags, params: IdParams, response: { 200: BusEventDetail } } },
      async (request) => busEventDetail(deps, { workspaceId: request.access.workspaceId, eventId: request.params.id }),
    );
    app.get(
      '/api/dead-letters',
      { schema: { tags, querystring: PageQuery, response: { 200: DeadLetterList } } },
      async (request) => deadLetters(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.post(
      '/api/dead-letters/:id/replay',
      { schema: { tags, params: IdParams, response: { 200: Done } } },
      async (request) => {
        await replayDead(deps, { access: request.access, id: request.params.id });
        return replayed(deps, { access: request.access, subject: request.params.id });
      },
    );
  };
}

async function replayed(deps: AppDeps, input: { access: Access; subject: string }): Promise<{ ok: true }> {
  await recordAudit(deps, { ...input, action: 'event.replayed', text: `Replayed the event ${input.subject}` });
  return { ok: true };
}

/** What fails again is told with its reason: it is the tenant's own event, and nothing else says what is wrong with it. */
async function replayDead(deps: AppDeps, input: { access: Access; id: string }): Promise<void> {
  const seq = ledgerSeqOf(input.id);
  try {
    if (seq !== null) await deps.actions.replayLedgerEvent({ access: input.access, seq });
    else if (z.uuid().safeParse(input.id).success) await deps.actions.replayDeadLetter(input);
    else throw new NotFoundError('There is no such dead letter.');
  } catch (error) {
    if (error instanceof GrowthError) throw error;
    throw new ConflictError(`It failed again: ${messageOf(error)}`, { cause: error });
  }
}

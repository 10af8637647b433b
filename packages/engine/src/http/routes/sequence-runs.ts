import {
  PauseRunsBody,
  PauseRunsResult,
  PlannedQuery,
  PlannedSends,
  RunAction,
  RunDetail,
  RunList,
  RunListQuery,
} from '@growthos/contracts/http/sequences.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { actOnRun, listPlanned, listRuns, pauseRuns, readRun } from '#respond/sequences/index.ts';
import { ById, causeOf, editor, type SequenceRouteDeps, tags } from './sequence-parts.ts';

/** `/api/sequences/runs` and `/planned`: who is on a sequence, and what goes out next. */
export function runRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
  const RunParams = z.object({ runId: z.uuid() });
  return async (app) => {
    app.get(
      '/api/sequences/:id/runs',
      { schema: { tags, params: ById, querystring: RunListQuery, response: { 200: RunList } } },
      async (request) =>
        listRuns(sequences.db, {
          ...request.query,
          workspaceId: request.access.workspaceId,
          sequenceId: request.params.id,
        }),
    );
    app.get(
      '/api/sequences/runs/:runId',
      { schema: { tags, params: RunParams, response: { 200: RunDetail } } },
      async (request) =>
        readRun(sequences.db, { workspaceId: request.access.workspaceId, runId: request.params.runId }),
    );
    app.post(
      '/api/sequences/runs/:runId/:action',
      { schema: { tags, params: RunParams.extend({ action: RunAction }), response: { 200: RunDetail } } },
      async (request) => {
        const { runId, action } = request.params;
        const workspaceId = editor(request);
        await actOnRun(sequences, { workspaceId, runId, action, cause: causeOf(request) });
        return readRun(sequences.db, { workspaceId, runId });
      },
    );
    app.get(
      '/api/sequences/planned',
      { schema: { tags, querystring: PlannedQuery, response: { 200: PlannedSends } } },
      async (request) => listPlanned(sequences, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.post(
      '/api/sequences/planned/pause',
      { schema: { tags, body: PauseRunsBody, response: { 200: PauseRunsResult } } },
      async (request) => ({
        paused: await pauseRuns(sequences, { workspaceId: editor(request), runIds: request.body.runIds }),
      }),
    );
  };
}

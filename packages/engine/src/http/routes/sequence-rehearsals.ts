import {
  DryRunQuery,
  DryRunResult,
  PreviewBody,
  PreviewResult,
  SequenceBody,
  TestSendBody,
  TestSendResult,
} from '@growthos/contracts/http/sequences.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { dryRun, parseDefinition, readSequence } from '#respond/sequences/index.ts';
import { previewStep, sendTest } from '#send/index.ts';
import { ById, editor, readDefinition, type SequenceRouteDeps, tags } from './sequence-parts.ts';

/** Trying out: the dry run over past days, the preview as a contact, the test send. Nothing reaches a customer. */
export function rehearsalRoutes({ sequences, send }: SequenceRouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api/sequences/dry-run',
      { schema: { tags, body: SequenceBody, querystring: DryRunQuery, response: { 200: DryRunResult } } },
      async (request) =>
        dryRun(sequences, {
          workspaceId: request.access.workspaceId,
          definition: readDefinition(request.body),
          days: request.query.days,
        }),
    );
    app.post(
      '/api/sequences/:id/dry-run',
      { schema: { tags, params: ById, querystring: DryRunQuery, response: { 200: DryRunResult } } },
      async (request) => {
        const { workspaceId } = request.access;
        const { definition } = await readSequence(sequences, { workspaceId, sequenceId: request.params.id });
        return dryRun(sequences, { workspaceId, definition, days: request.query.days });
      },
    );
    app.post(
      '/api/sequences/preview',
      { schema: { tags, body: PreviewBody, response: { 200: PreviewResult } } },
      async (request) =>
        previewStep(send, {
          ...request.body,
          workspaceId: request.access.workspaceId,
          definition: parseDefinition(request.body),
        }),
    );
    app.post(
      '/api/sequences/test-send',
      { schema: { tags, body: TestSendBody, response: { 200: TestSendResult } } },
      async (request) =>
        sendTest(send, { ...request.body, workspaceId: editor(request), definition: parseDefinition(request.body) }),
    );
  };
}

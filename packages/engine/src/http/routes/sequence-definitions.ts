import {
  EditPreview,
  Overdue,
  ResumeBody,
  SequenceBody,
  SequenceDetail,
  SequenceGallery,
  SequenceList,
  SequenceRow,
  SwitchOffBody,
  SwitchOnBody,
} from '@growthos/contracts/http/sequences.ts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  createSequence,
  installTemplate,
  listSequences,
  pauseSequence,
  previewEdit,
  readGallery,
  readOverdue,
  readSequence,
  readSequenceRow,
  resumeSequence,
  saveVersion,
  switchOff,
  switchOn,
} from '#respond/sequences/index.ts';
import { ById, causeOf, Done, DONE, editor, readDefinition, type SequenceRouteDeps, tags } from './sequence-parts.ts';

/** The gallery of templates, and the list of sequences. */
export function galleryRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/api/sequences/templates', { schema: { tags, response: { 200: SequenceGallery } } }, async (request) =>
      readGallery(sequences.db, request.access),
    );
    app.post(
      '/api/sequences/templates/:key',
      { schema: { tags, params: z.object({ key: z.string().max(100) }), response: { 200: SequenceRow } } },
      async (request) => {
        const workspaceId = editor(request);
        const by = request.access.personId;
        const { id } = await installTemplate(sequences, { workspaceId, key: request.params.key, by });
        return readSequenceRow(sequences.db, { workspaceId, sequenceId: id });
      },
    );
    app.get('/api/sequences', { schema: { tags, response: { 200: SequenceList } } }, async (request) => ({
      rows: await listSequences(sequences.db, request.access),
    }));
  };
}

/** Making and editing a sequence, and what an edit does to those inside. */
export function definitionRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api/sequences',
      { schema: { tags, body: SequenceBody, response: { 200: SequenceRow } } },
      async (request) => {
        const workspaceId = editor(request);
        const definition = readDefinition(request.body);
        const { id } = await createSequence(sequences, { workspaceId, definition, by: request.access.personId });
        return readSequenceRow(sequences.db, { workspaceId, sequenceId: id });
      },
    );
    app.get(
      '/api/sequences/:id',
      { schema: { tags, params: ById, response: { 200: SequenceDetail } } },
      async (request) =>
        readSequence(sequences, { workspaceId: request.access.workspaceId, sequenceId: request.params.id }),
    );
    app.put(
      '/api/sequences/:id',
      { schema: { tags, params: ById, body: SequenceBody, response: { 200: SequenceDetail } } },
      async (request) => {
        const target = { workspaceId: editor(request), sequenceId: request.params.id };
        const definition = readDefinition(request.body);
        await saveVersion(sequences, { ...target, definition, by: request.access.personId });
        return readSequence(sequences, target);
      },
    );
    app.post(
      '/api/sequences/:id/edit-preview',
      { schema: { tags, params: ById, body: SequenceBody, response: { 200: EditPreview } } },
      async (request) =>
        previewEdit(sequences.db, {
          workspaceId: request.access.workspaceId,
          sequenceId: request.params.id,
          definition: readDefinition(request.body),
        }),
    );
  };
}

/** On, off, paused, resumed. */
export function switchRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
  const answer = (request: FastifyRequest, sequenceId: string): Promise<SequenceRow> =>
    readSequenceRow(sequences.db, { workspaceId: request.access.workspaceId, sequenceId });
  return async (app) => {
    const common = { tags, params: ById, response: { 200: SequenceRow } };
    app.post('/api/sequences/:id/switch-on', { schema: { ...common, body: SwitchOnBody } }, async (request) => {
      const { id } = request.params;
      await switchOn(sequences, {
        workspaceId: editor(request),
        sequenceId: id,
        ...request.body,
        cause: causeOf(request),
      });
      return answer(request, id);
    });
    app.post('/api/sequences/:id/switch-off', { schema: { ...common, body: SwitchOffBody } }, async (request) => {
      const { id } = request.params;
      await switchOff(sequences, {
        workspaceId: editor(request),
        sequenceId: id,
        ...request.body,
        cause: causeOf(request),
      });
      return answer(request, id);
    });
    app.post('/api/sequences/:id/pause', { schema: common }, async (request) => {
      await pauseSequence(sequences, { workspaceId: editor(request), sequenceId: request.params.id });
      return answer(request, request.params.id);
    });
    app.post('/api/sequences/:id/resume', { schema: { ...common, body: ResumeBody } }, async (request) => {
      const { id } = request.params;
      await resumeSequence(sequences, { workspaceId: editor(request), sequenceId: id, ...request.body });
      return answer(request, id);
    });
    app.get(
      '/api/sequences/:id/overdue',
      { schema: { tags, params: ById, response: { 200: Overdue } } },
      async (request) =>
        readOverdue(sequences, { workspaceId: request.access.workspaceId, sequenceId: request.params.id }),
    );
    app.delete('/api/sequences/:id', { schema: { tags, params: ById, response: { 200: Done } } }, async (request) => {
      const target = { workspaceId: editor(request), sequenceId: request.params.id };
      await switchOff(sequences, { ...target, runs: 'exit', archive: true, cause: causeOf(request) });
      return DONE;
    });
  };
}

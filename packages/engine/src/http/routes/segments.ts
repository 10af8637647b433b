import {
  ApplySegmentsFile,
  CreateSegment,
  FillTemplate,
  FilledTemplate,
  FilterCatalogue,
  PreviewSegment,
  Segment,
  SegmentExplanation,
  SegmentList,
  SegmentMembers,
  SegmentMembersQuery,
  SegmentPreview,
  SegmentsDiff,
  SegmentsFile,
  SegmentTemplates,
  UpdateSegment,
} from '@growthos/contracts/http/segments.ts';
import { Readable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '#base/clock.ts';
import type { Db } from '#db/db.ts';
import {
  applySegments,
  archiveSegment,
  createSegment,
  diffSegments,
  explainMembership,
  exportMembers,
  exportSegmentsFile,
  fillTemplate,
  listMembers,
  listSegments,
  listTemplates,
  previewSegment,
  readFilterCatalogue,
  readSegment,
  updateSegment,
} from '#respond/segments/index.ts';

export interface SegmentRoutesDeps {
  readonly db: Db;
  readonly clock: Clock;
}

type ZodApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

const tags = ['Segments'];
const ById = z.object({ id: z.uuid() });
const Done = z.object({ ok: z.literal(true) });

/** `/api/segments`: the list, one segment with its members, the builder's questions, templates, and segments as files. */
export const segmentRoutes =
  (deps: SegmentRoutesDeps): FastifyPluginAsync =>
  async (plain) => {
    const app = plain.withTypeProvider<ZodTypeProvider>();
    addList(app, deps);
    addOne(app, deps);
    addMembers(app, deps);
    addBuilder(app, deps);
    addFiles(app, deps);
  };

/** Who made a change, for the cause of the transitions that it publishes. */
function by(request: FastifyRequest): { kind: 'person' | 'api'; id: string | null } {
  const { personId } = request.access;
  return personId === null ? { kind: 'api', id: null } : { kind: 'person', id: personId };
}

function addList(app: ZodApp, deps: SegmentRoutesDeps): void {
  app.get(
    '/api/segments',
    { schema: { tags, summary: 'Segments with counts and trend', response: { 200: SegmentList } } },
    async (request) => ({ segments: await listSegments(deps, { workspaceId: request.access.workspaceId }) }),
  );
  app.post(
    '/api/segments',
    { schema: { tags, summary: 'Make a segment', body: CreateSegment, response: { 201: Segment } } },
    async (request, reply) => {
      const { workspaceId } = request.access;
      const id = await createSegment(deps, { workspaceId, ...request.body });
      return reply.code(201).send(await readSegment(deps, { workspaceId, id }));
    },
  );
}

function addOne(app: ZodApp, deps: SegmentRoutesDeps): void {
  app.get(
    '/api/segments/:id',
    { schema: { tags, summary: 'One segment', params: ById, response: { 200: Segment } } },
    async (request) => readSegment(deps, { workspaceId: request.access.workspaceId, id: request.params.id }),
  );
  app.patch(
    '/api/segments/:id',
    {
      schema: {
        tags,
        summary: 'Change a segment; a new definition counts once it is computed for everybody',
        params: ById,
        body: UpdateSegment,
        response: { 200: Segment },
      },
    },
    async (request) => {
      const { workspaceId } = request.access;
      const { id } = request.params;
      await updateSegment(deps, { workspaceId, id, by: by(request), ...request.body });
      return readSegment(deps, { workspaceId, id });
    },
  );
  app.delete(
    '/api/segments/:id',
    {
      schema: { tags, summary: 'Archive a segment that no other one names', params: ById, response: { 200: Done } },
    },
    async (request) => {
      await archiveSegment(deps, { workspaceId: request.access.workspaceId, id: request.params.id });
      return { ok: true as const };
    },
  );
}

function addMembers(app: ZodApp, deps: SegmentRoutesDeps): void {
  app.get(
    '/api/segments/:id/members',
    {
      schema: {
        tags,
        summary: 'Members, the newest first',
        params: ById,
        querystring: SegmentMembersQuery,
        response: { 200: SegmentMembers },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const { workspaceId } = request.access;
      return listMembers(deps, { workspaceId, id: request.params.id, cursor: cursor ?? null, limit });
    },
  );
  app.get(
    '/api/segments/:id/members.csv',
    { schema: { tags, summary: 'All members as CSV', params: ById } },
    async (request, reply) => {
      const { workspaceId } = request.access;
      const segment = await readSegment(deps, { workspaceId, id: request.params.id });
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${segment.key}.csv"`)
        .send(Readable.from(exportMembers(deps, { workspaceId, id: segment.id })));
    },
  );
  app.get(
    '/api/segments/:id/explain',
    {
      schema: {
        tags,
        summary: 'Why a contact is in the segment, or is not',
        params: ById,
        querystring: z.object({ contactId: z.uuid() }),
        response: { 200: SegmentExplanation },
      },
    },
    async (request) =>
      explainMembership(deps, {
        workspaceId: request.access.workspaceId,
        segmentId: request.params.id,
        contactId: request.query.contactId,
      }),
  );
}

function addBuilder(app: ZodApp, deps: SegmentRoutesDeps): void {
  app.get(
    '/api/segments/catalogue',
    { schema: { tags, summary: 'What a filter can name in this workspace', response: { 200: FilterCatalogue } } },
    async (request) => readFilterCatalogue(deps, { workspaceId: request.access.workspaceId }),
  );
  app.post(
    '/api/segments/preview',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'Count a filter and show five people',
        body: PreviewSegment,
        response: { 200: SegmentPreview },
      },
    },
    async (request) => {
      const { definition, exact } = request.body;
      return previewSegment(deps, { workspaceId: request.access.workspaceId, definition, exact });
    },
  );
  app.get(
    '/api/segments/templates',
    { schema: { tags, summary: 'The gallery', response: { 200: SegmentTemplates } } },
    async () => ({ templates: listTemplates() }),
  );
  app.post(
    '/api/segments/templates/:key',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'Fill in a template, without saving',
        params: z.object({ key: z.string() }),
        body: FillTemplate,
        response: { 200: FilledTemplate },
      },
    },
    async (request) => fillTemplate({ key: request.params.key, parameters: request.body.parameters }),
  );
}

function addFiles(app: ZodApp, deps: SegmentRoutesDeps): void {
  app.get(
    '/api/segments/file',
    { schema: { tags, summary: 'All segments in the shape of a file', response: { 200: SegmentsFile } } },
    async (request) => exportSegmentsFile(deps, { workspaceId: request.access.workspaceId }),
  );
  app.post(
    '/api/segments/file/diff',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'What applying a file would change',
        body: ApplySegmentsFile,
        response: { 200: SegmentsDiff },
      },
    },
    async (request) => {
      const { file, prune } = request.body;
      return diffSegments(deps, { workspaceId: request.access.workspaceId, file, prune });
    },
  );
  app.post(
    '/api/segments/file/apply',
    { schema: { tags, summary: 'Apply a file', body: ApplySegmentsFile, response: { 200: SegmentsDiff } } },
    async (request) => {
      const { workspaceId } = request.access;
      return applySegments(deps, { workspaceId, by: by(request), ...request.body });
    },
  );
}

import {
  DryRunQuery,
  DryRunResult,
  EditPreview,
  Overdue,
  PauseRunsBody,
  PauseRunsResult,
  PlannedQuery,
  PlannedSends,
  PreviewBody,
  PreviewResult,
  ResumeBody,
  RunAction,
  RunDetail,
  RunList,
  RunListQuery,
  SendingRules,
  SequenceBody,
  SequenceDetail,
  SequenceGallery,
  SequenceList,
  SequenceRow,
  SuppressionRow,
  SwitchOffBody,
  SwitchOnBody,
  TeamDestination,
  TeamDestinationBody,
  TestSendBody,
  TestSendResult,
  WebhookEndpoint,
  WebhookEndpointBody,
  WebhookEndpointMade,
} from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod, ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Role } from '#access/access.ts';
import { ForbiddenError, InvalidInputError } from '#base/errors.ts';
import {
  actOnRun,
  createSequence,
  dryRun,
  installTemplate,
  listPlanned,
  listRuns,
  listSequences,
  parseDefinition,
  pauseRuns,
  pauseSequence,
  previewEdit,
  readGallery,
  readOverdue,
  readRun,
  readSequence,
  readSequenceRow,
  resumeSequence,
  saveVersion,
  type SequenceDeps,
  switchOff,
  switchOn,
} from '#respond/sequences/index.ts';
import {
  addTeamDestination,
  addWebhookEndpoint,
  checkTexts,
  liftSuppression,
  listSuppressions,
  listTeamDestinations,
  listWebhookEndpoints,
  previewStep,
  readSendingRules,
  removeTeamDestination,
  removeWebhookEndpoint,
  sendAgain,
  type SendDeps,
  sendTest,
  writeSendingRules,
} from '#send/index.ts';

export interface SequenceRouteDeps {
  readonly sequences: SequenceDeps;
  readonly send: SendDeps;
}

const tags = ['Sequences'];
const ById = z.object({ id: z.uuid() });
const Done = z.object({ ok: z.literal(true) });
const DONE = { ok: true } as const;

/** `/api/sequences`: the gallery, sequences and their runs, what is planned, rehearsals, and how messages are sent. */
export function sequenceRoutes(deps: SequenceRouteDeps): FastifyPluginAsync {
  return async (plain) => {
    const app = plain.withTypeProvider<ZodTypeProvider>();
    await app.register(galleryRoutes(deps));
    await app.register(definitionRoutes(deps));
    await app.register(switchRoutes(deps));
    await app.register(runRoutes(deps));
    await app.register(rehearsalRoutes(deps));
    await app.register(sendingRoutes(deps));
    await app.register(channelRoutes(deps));
  };
}

const MAY_EDIT: readonly Role[] = ['owner', 'admin', 'editor'];
const MAY_SET: readonly Role[] = ['owner', 'admin'];

/** @throws ForbiddenError for a viewer. */
function editor(request: FastifyRequest, roles: readonly Role[] = MAY_EDIT): string {
  const { role, workspaceId } = request.access;
  if (!roles.includes(role))
    throw new ForbiddenError(`This needs the role ${roles.at(-1)} or above; yours is ${role}.`);
  return workspaceId;
}

function causeOf(request: FastifyRequest): { kind: 'person' | 'api'; id: string | null } {
  const { personId } = request.access;
  return personId === null ? { kind: 'api', id: null } : { kind: 'person', id: personId };
}

/** @throws InvalidInputError with the first thing that is wrong: in the shape, or in a text. */
function readDefinition(body: unknown): SequenceDefinition {
  const definition = parseDefinition(body !== null && typeof body === 'object' ? body : {});
  const [problem] = checkTexts(definition);
  if (problem !== undefined) throw new InvalidInputError(problem, { field: 'steps' });
  return definition;
}

function galleryRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

function definitionRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

function switchRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

function runRoutes({ sequences }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

function rehearsalRoutes({ sequences, send }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

function sendingRoutes({ send }: SequenceRouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/api/sequences/sending-rules', { schema: { tags, response: { 200: SendingRules } } }, async (request) =>
      readSendingRules(send.db, request.access),
    );
    app.put(
      '/api/sequences/sending-rules',
      { schema: { tags, body: SendingRules, response: { 200: SendingRules } } },
      async (request) => {
        const workspaceId = editor(request, MAY_SET);
        await writeSendingRules(send, { workspaceId, rules: request.body });
        return readSendingRules(send.db, { workspaceId });
      },
    );
    app.get(
      '/api/sequences/suppressions',
      { schema: { tags, response: { 200: z.object({ rows: z.array(SuppressionRow) }) } } },
      async (request) => ({ rows: await listSuppressions(send.db, request.access) }),
    );
    app.delete(
      '/api/sequences/suppressions/:address',
      { schema: { tags, params: z.object({ address: z.string().max(320) }), response: { 200: Done } } },
      async (request) => {
        await liftSuppression(send.db, { workspaceId: editor(request, MAY_SET), address: request.params.address });
        return DONE;
      },
    );
    app.post(
      '/api/sequences/messages/:id/send-again',
      { schema: { tags, params: ById, response: { 200: Done } } },
      async (request) => {
        await sendAgain(send, { workspaceId: editor(request), messageId: request.params.id });
        return DONE;
      },
    );
  };
}

function channelRoutes({ send }: SequenceRouteDeps): FastifyPluginAsyncZod {
  const Destinations = z.object({ rows: z.array(TeamDestination) });
  const Endpoints = z.object({ rows: z.array(WebhookEndpoint) });
  return async (app) => {
    app.get(
      '/api/sequences/team-destinations',
      { schema: { tags, response: { 200: Destinations } } },
      async (request) => ({
        rows: await listTeamDestinations(send, request.access),
      }),
    );
    app.post(
      '/api/sequences/team-destinations',
      { schema: { tags, body: TeamDestinationBody, response: { 200: TeamDestination } } },
      async (request) => addTeamDestination(send, { ...request.body, workspaceId: editor(request, MAY_SET) }),
    );
    app.delete(
      '/api/sequences/team-destinations/:id',
      { schema: { tags, params: ById, response: { 200: Done } } },
      async (request) => {
        await removeTeamDestination(send.db, { workspaceId: editor(request, MAY_SET), id: request.params.id });
        return DONE;
      },
    );
    app.get(
      '/api/sequences/webhook-endpoints',
      { schema: { tags, response: { 200: Endpoints } } },
      async (request) => ({
        rows: await listWebhookEndpoints(send.db, request.access),
      }),
    );
    app.post(
      '/api/sequences/webhook-endpoints',
      { schema: { tags, body: WebhookEndpointBody, response: { 200: WebhookEndpointMade } } },
      async (request) => addWebhookEndpoint(send, { ...request.body, workspaceId: editor(request, MAY_SET) }),
    );
    app.delete(
      '/api/sequences/webhook-endpoints/:id',
      { schema: { tags, params: ById, response: { 200: Done } } },
      async (request) => {
        await removeWebhookEndpoint(send.db, { workspaceId: editor(request, MAY_SET), id: request.params.id });
        return DONE;
      },
    );
  };
}

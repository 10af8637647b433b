import {
  TeamDestination,
  TeamDestinationBody,
  WebhookEndpoint,
  WebhookEndpointBody,
  WebhookEndpointMade,
} from '@growthos/contracts/http/sending.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  addTeamDestination,
  addWebhookEndpoint,
  listTeamDestinations,
  listWebhookEndpoints,
  removeTeamDestination,
  removeWebhookEndpoint,
} from '#send/index.ts';
import { ById, Done, DONE, editor, MAY_SET, type SequenceRouteDeps, tags } from './sequence-parts.ts';

/** Where notes to the team and webhooks go. */
export function channelRoutes({ send }: SequenceRouteDeps): FastifyPluginAsyncZod {
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

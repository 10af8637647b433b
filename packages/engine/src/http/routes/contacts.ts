import { ContactPage, ContactPageQuery } from '@growthos/contracts/http/contact-page.ts';
import { ContactFilters, ContactList, ContactListQuery } from '@growthos/contracts/http/contacts.ts';
import { LtvByChannel } from '@growthos/contracts/http/ltv-by-channel.ts';
import { Timeline, TimelineQuery } from '@growthos/contracts/http/timeline.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { contactFilters, contactList, contactPage, ltvByChannel, timeline } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const ContactParams = z.object({ id: z.string().max(100) });
const tags = ['Contacts'];

/** `/api/contacts` and `/api/ltv-by-channel`: people, one person, what happened to them, and where the good ones come from. */
export function contactRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/contacts',
      { schema: { tags, querystring: ContactListQuery, response: { 200: ContactList } } },
      async (request) => contactList(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get('/api/contacts/filters', { schema: { tags, response: { 200: ContactFilters } } }, async (request) =>
      contactFilters(deps, { workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/contacts/:id',
      { schema: { tags, params: ContactParams, querystring: ContactPageQuery, response: { 200: ContactPage } } },
      async (request) =>
        contactPage(deps, {
          workspaceId: request.access.workspaceId,
          contactId: request.params.id,
          timezone: request.query.timezone,
        }),
    );
    app.get(
      '/api/contacts/:id/timeline',
      { schema: { tags, params: ContactParams, querystring: TimelineQuery, response: { 200: Timeline } } },
      async (request) =>
        timeline(deps, {
          ...request.query,
          workspaceId: request.access.workspaceId,
          contactId: request.params.id,
        }),
    );
    app.get('/api/ltv-by-channel', { schema: { tags, response: { 200: LtvByChannel } } }, async (request) =>
      ltvByChannel(deps, { workspaceId: request.access.workspaceId }),
    );
  };
}

import { ChangeRole, Invite, InviteMade, Members } from '@growthos/contracts/http/members.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { changeRole, inviteMember, removeMember, withdrawInvite } from '#access/index.ts';
import { members } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const PersonParams = z.object({ personId: z.uuid() });
const InviteParams = z.object({ id: z.uuid() });
const tags = ['Members'];
const config = { role: 'admin' as const };

/** `/api/members`: who belongs to the workspace, in which role, and who is invited. */
export function memberRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/api/members', { schema: { tags, response: { 200: Members } } }, async (request) =>
      members(deps, request.access),
    );
    app.patch(
      '/api/members/:personId',
      { config, schema: { tags, params: PersonParams, body: ChangeRole, response: { 200: Members } } },
      async (request) => {
        const { personId } = request.params;
        await changeRole(deps, { access: request.access, personId, role: request.body.role });
        return members(deps, request.access);
      },
    );
    app.delete(
      '/api/members/:personId',
      { config, schema: { tags, params: PersonParams, response: { 200: Members } } },
      async (request) => {
        await removeMember(deps, { access: request.access, personId: request.params.personId });
        return members(deps, request.access);
      },
    );
    app.post(
      '/api/members/invites',
      { config, schema: { tags, body: Invite, response: { 200: InviteMade } } },
      async (request) => {
        const made = await inviteMember(deps, { access: request.access, ...request.body });
        const base = deps.options.baseUrl ?? `${request.protocol}://${request.host}`;
        return { id: made.id, url: `${base}/invite/${made.token}`, expiresAt: made.expiresAt.toISOString() };
      },
    );
    app.delete(
      '/api/members/invites/:id',
      { config, schema: { tags, params: InviteParams, response: { 200: Members } } },
      async (request) => {
        await withdrawInvite(deps, { access: request.access, id: request.params.id });
        return members(deps, request.access);
      },
    );
  };
}

import { SendingRules, SendingRulesBody, SuppressionRow } from '@growthos/contracts/http/sending.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { recordAudit } from '#access/index.ts';
import { liftSuppression, listSuppressions, readSendingRules, sendAgain, writeSendingRules } from '#send/index.ts';
import { ById, Done, DONE, editor, MAY_SET, type SequenceRouteDeps, tags } from './sequence-parts.ts';

/** How messages are sent: rules, blocked addresses, and sending once more. */
export function sendingRoutes({ send }: SequenceRouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/api/sequences/sending-rules', { schema: { tags, response: { 200: SendingRules } } }, async (request) =>
      readSendingRules(send, request.access),
    );
    app.put(
      '/api/sequences/sending-rules',
      { schema: { tags, body: SendingRulesBody, response: { 200: SendingRules } } },
      async (request) => {
        const workspaceId = editor(request, MAY_SET);
        const isDryRun = request.body.isDryRun ?? (await readSendingRules(send, { workspaceId })).isDryRun;
        await writeSendingRules(send, { workspaceId, rules: { ...request.body, isDryRun } });
        return readSendingRules(send, { workspaceId });
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
        const { address } = request.params;
        await liftSuppression(send.db, { workspaceId: editor(request, MAY_SET), address });
        await recordAudit(send, {
          access: request.access,
          action: 'suppression.lifted',
          // Not the address: the log outlives a person who asks to be forgotten.
          subject: null,
          text: 'Allowed mail to a blocked address again',
        });
        return DONE;
      },
    );
    app.post(
      '/api/sequences/messages/:id/send-again',
      { schema: { tags, params: ById, response: { 200: Done } } },
      async (request) => {
        const { id } = request.params;
        await sendAgain(send, { workspaceId: editor(request), messageId: id });
        await recordAudit(send, {
          access: request.access,
          action: 'message.sent_again',
          subject: id,
          text: 'Sent a message again that failed, or may not have arrived',
        });
        return DONE;
      },
    );
  };
}

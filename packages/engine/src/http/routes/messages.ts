import {
  CapturedList,
  CapturedMessage,
  MessageDetail,
  MessageList,
  MessageListQuery,
  PlannedMessageList,
} from '@growthos/contracts/http/messages.ts';
import { PageQuery } from '@growthos/contracts/http/paging.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { capturedInbox, capturedMessage, messageDetail, messageList, plannedMessages } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const MessageParams = z.object({ id: z.string().max(100) });
const tags = ['Messages'];

/** `/api/messages` and `/api/captured-inbox`: what was sent, what will be, and what would have been. */
export function messageRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  const inbox = { db: deps.db, isCapturing: deps.options.isCapturingMail };
  return async (app) => {
    app.get(
      '/api/messages',
      { schema: { tags, querystring: MessageListQuery, response: { 200: MessageList } } },
      async (request) => messageList(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/messages/planned',
      { schema: { tags, querystring: PageQuery, response: { 200: PlannedMessageList } } },
      async (request) => plannedMessages(deps, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/messages/:id',
      { schema: { tags, params: MessageParams, response: { 200: MessageDetail } } },
      async (request) => messageDetail(deps, { workspaceId: request.access.workspaceId, messageId: request.params.id }),
    );
    app.get(
      '/api/captured-inbox',
      { schema: { tags, querystring: PageQuery, response: { 200: CapturedList } } },
      async (request) => capturedInbox(inbox, { ...request.query, workspaceId: request.access.workspaceId }),
    );
    app.get(
      '/api/captured-inbox/:id',
      { schema: { tags, params: MessageParams, response: { 200: CapturedMessage } } },
      async (request) =>
        capturedMessage(deps, { workspaceId: request.access.workspaceId, messageId: request.params.id }),
    );
  };
}

/** A server with all that a page with the SDK meets, for the check in a real browser: storage in memory, a real clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredTrackMessage } from '@growthos/contracts/http/track.ts';
import type { InAppPayload } from '@growthos/contracts/sequence/content.ts';
import { snippetFor } from '@growthos/contracts/snippet.ts';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { createSecretBox } from '#access/secrets.ts';
import { systemClock as clock } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { createPublisher } from '#bus/index.ts';
import { DEMO_PEOPLE } from '#compose/demo.ts';
import { json, many, one } from '#db/db.ts';
import { answerError } from '#http/errors.ts';
import { demoAppRoutes } from '#http/routes/demo-app.ts';
import { inAppRoutes } from '#http/routes/in-app.ts';
import { sdkRoutes } from '#http/routes/sdk.ts';
import { trackRoutes } from '#http/routes/track.ts';
import { createInbox } from '#ingest/inbox/store.ts';
import { type EmailProof, receiveTracked } from '#ingest/track/receive.ts';
import { emailHashOf, isEmailHash, readIdentitySecret, userHashOf } from '#send/in-app/identity-secret.ts';
import { openInApp } from '#send/in-app/in-app.ts';
import { openTestDb } from '../world/database.ts';

const KEY = 'wk_test_browser';

export interface NudgeWorld {
  readonly origin: string;
  /** A page of another origin with the snippet, for user_0003. */
  readonly otherOrigin: string;
  reset(): Promise<void>;
  ledger(): Promise<StoredTrackMessage[]>;
  addMessage(userId: string, payload: InAppPayload): Promise<string>;
  withdraw(messageId: string): Promise<void>;
  outcomesOf(messageId: string): Promise<string[]>;
  openStreams(): number;
  close(): Promise<void>;
}

async function buildSdk(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'growthos-sdk-'));
  const builder = (await import(new URL('../../../browser/build.mjs', import.meta.url).href)) as {
    buildSdk(outdir: string): Promise<string>;
  };
  return builder.buildSdk(dir);
}

export async function openNudgeWorld(): Promise<NudgeWorld> {
  const db = await openTestDb();
  const sdkDir = await buildSdk();
  const workspaceId = newId();
  const secretBox = createSecretBox(Buffer.alloc(32, 7).toString('base64'));
  const findWriteKey = async (key: string) =>
    key === KEY ? ({ workspaceId, mode: 'test', isSecret: false } as const) : null;
  const inApp = await openInApp({
    db,
    clock,
    secretBox,
    log: silentLog,
    publisher: createPublisher({ clock }),
    findWriteKey,
  });
  const inbox = createInbox({ db, clock });
  const userHash = async (userId: string): Promise<string> =>
    userHashOf(await readIdentitySecret({ db, clock, secretBox }, { workspaceId }), userId);

  const secretOf = () => readIdentitySecret({ db, clock, secretBox }, { workspaceId });
  const emailHash = async (person: { userId: string; email: string }) => emailHashOf(await secretOf(), person);
  const isEmailProof = async (proof: EmailProof) => isEmailHash({ ...proof, secret: await secretOf() });

  const app = Fastify({ forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  let streams = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/in-app/stream')) return;
    streams += 1;
    reply.raw.once('close', () => void (streams -= 1));
  });
  await app.register(
    trackRoutes({ receiveTracked: (input) => receiveTracked({ inbox, clock, findWriteKey, isEmailProof }, input) }),
  );
  await app.register(inAppRoutes({ inApp }));
  await app.register(sdkRoutes({ dir: sdkDir }));
  await app.register(
    demoAppRoutes({
      people: DEMO_PEOPLE,
      writeKey: async () => KEY,
      userHash,
      emailHash,
      links: [{ label: 'Open GrowthOS', url: '/' }],
    }),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const other = createServer((_request, response) => void answerOther(response, { origin, userHash }));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));

  return {
    origin,
    otherOrigin: `http://127.0.0.1:${(other.address() as AddressInfo).port}/`,
    async reset() {
      await db.execute('truncate workspace cascade; truncate inbox_event, inbox_pending, bus_event');
      await db.query({
        text: `insert into workspace (id, name, mode, created_at) values ($1, 'Analytical Engines', 'test', now())`,
        values: [workspaceId],
      });
      for (const { userId, email } of DEMO_PEOPLE) {
        await db.query({
          text: `with c as (insert into contact (id, workspace_id, email, user_id, created_at, updated_at)
                   values ($1, $2, $3, $4, now(), now()) returning id)
                 insert into contact_identity (workspace_id, kind, value, contact_id, source, linked_by, linked_at)
                 select $2, 'user_id', $4, id, 'app', 'identify', now() from c`,
          values: [newId(), workspaceId, email, userId],
        });
      }
    },
    async ledger() {
      const rows = await many<{ payload: string }>(db, { text: 'select payload from inbox_event order by seq' });
      return rows.map((row) => JSON.parse(row.payload) as StoredTrackMessage);
    },
    async addMessage(userId, payload) {
      const id = newId();
      await db.query({
        text: `insert into message (id, workspace_id, key, contact_id, channel, category, status, requested_at, not_before, payload)
               select $1, $2, $3, contact_id, 'in_app', 'product', 'ready', $6, $6, $5::jsonb from contact_identity
               where workspace_id = $2 and kind = 'user_id' and value = $4`,
        values: [id, workspaceId, `key ${id}`, userId, json(payload), clock.now()],
      });
      return id;
    },
    async withdraw(messageId) {
      await db.query({ text: `update message set status = 'withdrawn' where id = $1`, values: [messageId] });
    },
    async outcomesOf(messageId) {
      const row = await one<{ outcomes: string[] | null }>(db, {
        text: `select array_agg(data ->> 'outcome' order by position) as outcomes from bus_event
               where type = 'message_seen' and data ->> 'message_id' = $1`,
        values: [messageId],
      });
      return row?.outcomes ?? [];
    },
    openStreams: () => streams,
    async close() {
      other.closeAllConnections();
      other.close();
      await app.close();
      await inApp.close();
      await db.close();
      rmSync(sdkDir, { recursive: true });
    },
  };
}

async function answerOther(
  response: import('node:http').ServerResponse,
  input: { origin: string; userHash(userId: string): Promise<string> },
): Promise<void> {
  const nonce = newId();
  const { origin } = input;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src ${origin}; img-src data:`;
  const hash = await input.userHash('user_0003');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy });
  response.end(`<!doctype html><html lang="en"><head><title>Elsewhere</title><link rel="icon" href="data:,">
    <style nonce="${nonce}">growthos-nudges { --growthos-accent: #0a5c36; --growthos-on-accent: #fff }</style>
    ${snippetFor({ scriptUrl: `${origin}/sdk/growthos.js`, writeKey: KEY, nonce })}</head><body><main><h1>Elsewhere</h1></main>
    <script nonce="${nonce}">growthos.identify("user_0003", {}, { userHash: "${hash}" }); growthos.track("From Elsewhere");</script>
    </body></html>`);
}

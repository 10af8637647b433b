/**
 * The floor: plain Node, the signature, the parse, and one prepared insert per event, acknowledged after its commit. No
 * framework, no routing by account, no pending list, no application.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { ServerReady } from './server-process.ts';

const SECRET = 'whsec_floor';
const key = createSecretKey(Buffer.from(SECRET));
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
await pool.query(`create table floor_event (
  id text primary key, account text not null, type text not null, created_s bigint not null, payload text not null)`);
const lz4 = await pool.query(
  `select 1 from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)`,
);
if (lz4.rowCount === 1) await pool.query('alter table floor_event alter column payload set compression lz4');

function isSigned(body: Buffer, header: string): boolean {
  const fields = new Map(header.split(',').map((part) => part.split('=', 2) as [string, string]));
  const expected = createHmac('sha256', key)
    .update(`${fields.get('t')}.`)
    .update(body)
    .digest();
  const given = Buffer.from(fields.get('v1') ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function take(body: Buffer, header: string): Promise<number> {
  if (!isSigned(body, header)) return 400;
  const text = body.toString('utf8');
  const event = JSON.parse(text) as { id: string; account: string; type: string; created: number };
  await pool.query({
    name: 'floor_insert',
    text: 'insert into floor_event values ($1, $2, $3, $4, $5) on conflict (id) do nothing',
    values: [event.id, event.account, event.type, event.created, text],
  });
  return 200;
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    take(Buffer.concat(chunks), String(request.headers['stripe-signature'] ?? ''))
      .catch(() => 500)
      .then((status) => {
        response.writeHead(status, { 'content-type': 'application/json', 'content-length': 2 });
        response.end('{}');
      })
      .catch(() => response.destroy());
  });
});
server.listen(0, '127.0.0.1', () => {
  const ready: ServerReady = {
    port: (server.address() as AddressInfo).port,
    path: '/',
    secret: SECRET,
    version: `Node ${process.version}`,
  };
  process.send?.(ready);
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(1));

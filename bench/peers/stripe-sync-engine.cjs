// @supabase/stripe-sync-engine behind Fastify, with its own defaults: pool of 10, related entities backfilled. CommonJS,
// because the published ESM build has lost `__dirname` and then finds no migrations (it resolves all the same).
// Customers and subscriptions exist beforehand, so that nothing is asked of Stripe.
const { StripeSync, runMigrations } = require('@supabase/stripe-sync-engine');
const fastify = require('fastify');
const pg = require('pg');
const { version } = require('./node_modules/@supabase/stripe-sync-engine/package.json');

const SECRET = 'whsec_peer';
const DATABASE_URL = process.env.DATABASE_URL;

async function main() {
  const quiet = { info() {}, warn() {}, debug() {}, error: console.error };
  await runMigrations({ databaseUrl: DATABASE_URL, schema: 'stripe', logger: quiet });
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  const tables = await client.query(`select count(*)::int as n from pg_tables where schemaname = 'stripe'`);
  if (tables.rows[0].n === 0) throw new Error('the peer made no tables: its migrations need a role named postgres');
  const { customers, subscriptions } = JSON.parse(process.env.PARENTS);
  await client.query('insert into stripe.customers (id) select unnest($1::text[])', [customers]);
  await client.query('insert into stripe.subscriptions (id) select unnest($1::text[])', [subscriptions]);
  await client.end();

  const sync = new StripeSync({
    schema: 'stripe',
    stripeSecretKey: 'sk_test_bench_opens_nothing',
    stripeWebhookSecret: SECRET,
    backfillRelatedEntities: true,
    poolConfig: { connectionString: DATABASE_URL, max: 10, keepAlive: true },
    logger: quiet,
  });
  const app = fastify();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/webhooks', async (request, reply) => {
    try {
      await sync.processWebhook(request.body, request.headers['stripe-signature']);
    } catch (error) {
      return reply.code(400).send(`Webhook Error: ${error.message}`);
    }
    return { received: true };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send({ port: app.server.address().port, path: '/webhooks', secret: SECRET, version });
}

process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(1));
main().catch((error) => {
  console.error(error);
  process.exit(1);
});

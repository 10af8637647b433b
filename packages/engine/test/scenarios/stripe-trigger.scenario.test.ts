/**
 * `stripe trigger` of Stripe's own command line against the simulated Stripe: each recipe, a series of API calls that
 * Stripe wrote, ends in the GrowthOS events that it should. The binary is the one that `STRIPE_CLI` names, else it is
 * installed from npm into a folder of its own below the system's temporary one, once; where that cannot be done the test
 * is skipped and says so. It is no dependency of the repository, because a lock file made where some of its packages for
 * other platforms cannot be seen breaks `npm ci`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BILLING_EVENTS } from '@growthos/contracts/events/billing.ts';
import { many } from '#db/db.ts';
import { STRIPE_EVENT_TYPES } from '../../src/ingest/stripe/event-types.ts';
import { startWorld, type World } from '../world/world.ts';

const VERSION = '1.52.0';
const INSTALL_TIMEOUT_MS = 60_000;
const HOME = join(tmpdir(), `growthos-stripe-cli-${VERSION}`);

/** The path of the binary, or why there is none. */
function findCli(): { path: string } | { missing: string } {
  const named = process.env['STRIPE_CLI'];
  if (named !== undefined)
    return existsSync(named) ? { path: named } : { missing: `STRIPE_CLI names no file: ${named}` };
  const name = `@stripe/cli-${process.platform}-${process.arch}`;
  const path = join(HOME, 'node_modules', name, 'bin', process.platform === 'win32' ? 'stripe.exe' : 'stripe');
  if (existsSync(path)) return { path };
  try {
    mkdirSync(HOME, { recursive: true });
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['install', '--prefix', HOME, ...quiet, `${name}@${VERSION}`], {
      timeout: INSTALL_TIMEOUT_MS,
      stdio: 'pipe',
    });
  } catch (error) {
    return { missing: `${name}@${VERSION} could not be installed: ${error instanceof Error ? error.message : ''}` };
  }
  return existsSync(path) ? { path } : { missing: `${name} has no ${path}` };
}

const cli = findCli();
if ('missing' in cli) process.stderr.write(`stripe trigger is not tested: ${cli.missing}. Set STRIPE_CLI.\n`);

/** Each recipe, with the events on the bus that it ends in; those of its preparations included. */
const RECIPES: Readonly<Record<string, readonly string[]>> = {
  'customer.created': ['customer_linked'],
  'customer.subscription.created': ['customer_linked', 'payment_succeeded', 'subscription_created'],
  // It changes nothing but metadata: no plan, so that nobody is told of an upgrade.
  'customer.subscription.updated': ['customer_linked', 'payment_succeeded', 'subscription_created'],
  'customer.subscription.deleted': [
    'customer_linked',
    'payment_succeeded',
    'subscription_canceled',
    'subscription_created',
  ],
  'invoice.payment_failed': ['customer_linked', 'invoice.payment_failed'],
  'invoice.paid': ['customer_linked', 'payment_succeeded'],
  // Payments of nobody that Stripe knows as a customer.
  'payment_intent.succeeded': ['payment_succeeded'],
  'charge.refunded': ['charge_refunded', 'payment_succeeded'],
};

describe.skipIf('missing' in cli)(`stripe trigger ${VERSION}`, () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
    await world.connect();
  }, 120_000);
  afterAll(() => world.close());

  async function trigger(type: string): Promise<void> {
    const { stripe } = world;
    stripe.setReadOnly(false);
    await promisify(execFile)(
      'path' in cli ? cli.path : '',
      ['trigger', type, '--api-base', stripe.url, '--api-key', stripe.keys.companyCli],
      {
        // Its own settings folder, and nothing beyond this machine: it would look for a newer version of itself.
        env: {
          HOME,
          XDG_CONFIG_HOME: join(HOME, 'config'),
          STRIPE_CLI_TELEMETRY_OPTOUT: '1',
          HTTPS_PROXY: 'http://127.0.0.1:9',
          NO_PROXY: '127.0.0.1',
        },
        timeout: 30_000,
      },
    );
    stripe.setReadOnly(true);
    await world.settle();
    // What a charge waits for its invoice.
    await world.advance({ minutes: 6 });
  }

  test.each(Object.entries(RECIPES))('%s ends in the events that it should', async (type, expected) => {
    const before = (await world.events()).length;
    await trigger(type);
    const told = (await world.events()).slice(before).filter((event) => event.type in BILLING_EVENTS);
    expect(told.map((event) => event.type).sort()).toEqual(expected);
    const happened = world.stripe.events({ type }).map((event) => event.id);
    expect(happened.length, `Stripe's own ${type}`).toBeGreaterThan(0);
    expect(await unheard(happened), 'applied, or not asked for').toEqual(
      STRIPE_EVENT_TYPES.some((known) => known === type) ? [] : happened,
    );
    expect(world.stripe.violations()).toEqual([]);
  });

  const unheard = async (eventIds: readonly string[]): Promise<string[]> => {
    const rows = await many<{ id: string }>(world.db, {
      text: `select id from unnest($1::text[]) as e (id) where not exists (
               select 1 from inbox_event i left join inbox_pending p on p.seq = i.seq left join inbox_dead d on d.seq = i.seq
               where i.event_id = e.id and p.seq is null and d.seq is null)`,
      values: [[...eventIds]],
    });
    return rows.map(({ id }) => id);
  };
});

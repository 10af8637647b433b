/**
 * Reading a Stripe account's history into PostgreSQL: objects a second, with Stripe's limit of 25 requests a second and
 * endpoint kept and without it, and the memory that it takes.
 *
 * The simulated Stripe, the product (server and workers in one process) and this program are three processes; the product
 * has a database of its own. The account has a third each of customers, subscriptions and paid invoices, beside a small
 * catalogue; once more, with customers alone, it has one list to speak of. A list's rate is its objects by the time from
 * its first claim to its last commit; `figures` is when the last contact's billing was computed, from the beginning on.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BenchDatabase, createBenchDatabase, onServer } from './tools/bench-database.ts';
import { startServerProcess, type ServerProcess } from './tools/server-process.ts';

/** Stripe's limit, requests a second to one endpoint of an account; a page has a hundred objects. */
const LIMIT = 25;
const PER_LIST_MAX = LIMIT * 100;
const LISTS = ['customers', 'subscriptions', 'invoices'] as const;
const SAMPLE_EVERY_MS = 250;

interface Options {
  readonly objects: number;
  readonly limiters: readonly ('on' | 'off')[];
  readonly isJson: boolean;
}

interface Sample {
  readonly objects: number;
  readonly rssMb: number;
}

interface Run {
  /** One list instead of three beside each other. */
  readonly isAlone: boolean;
  readonly limiter: 'on' | 'off';
  readonly objects: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly figuresSeconds: number;
  readonly contactUpdatesPerContact: number;
  readonly lists: readonly { readonly type: string; readonly objects: number; readonly perSecond: number }[];
  /** Resident memory of the product when it had read so many objects. */
  readonly memory: readonly Sample[];
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const customers = Math.ceil(options.objects / LISTS.length);
  const wanted = options.limiters.map((limiter) => ({ limiter, isAlone: false }));
  if (options.limiters.includes('on')) wanted.push({ limiter: 'on', isAlone: true });
  const [server] = (await onServer(`select current_setting('server_version') as v`)).rows as { v: string }[];
  const runs: Run[] = [];
  for (const one of wanted) {
    const measured = await measure({ ...one, customers, options });
    runs.push(measured);
    if (!options.isJson) console.log(describe(measured));
  }
  const measuredOn = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, PostgreSQL ${server?.v ?? '?'}, all on one machine`;
  console.log(options.isJson ? JSON.stringify({ measuredOn, runs }, null, 2) : measuredOn);
  return 0;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      /** 1,000,000 takes several minutes. */
      objects: { type: 'string', default: '60000' },
      limiter: { type: 'string', default: 'on,off' },
    },
  });
  return {
    objects: Number(values.objects),
    limiters: values.limiter.split(',').map((word) => (word === 'on' ? 'on' : 'off')),
    isJson: values.json,
  };
}

async function measure(input: {
  limiter: 'on' | 'off';
  isAlone: boolean;
  customers: number;
  options: Options;
}): Promise<Run> {
  const { limiter, isAlone, customers, options } = input;
  const cleanUp: (() => Promise<void>)[] = [];
  try {
    const database = await createBenchDatabase('backfill');
    cleanUp.push(() => database.drop());
    const stripe = await startServerProcess({
      file: 'tools/simulator-server.ts',
      env: {
        CUSTOMERS: String(customers),
        SUBSCRIPTIONS_PER_CUSTOMER: isAlone ? '0' : '1',
        // It makes objects at the rate at which they are read, on the same processors: collecting them costs less so.
        NODE_OPTIONS: '--max-semi-space-size=64',
        ...(limiter === 'on' ? { RATE_LIMIT: String(LIMIT) } : {}),
      },
    });
    cleanUp.push(() => stripe.stop());
    const product = await startServerProcess({
      file: 'tools/backfill-server.ts',
      env: {
        DATABASE_URL: database.url,
        SECRET_KEY: randomBytes(32).toString('base64'),
        PORT: '0',
        LOG_LEVEL: 'error',
        STRIPE_API_BASE: stripe.ready.path,
        STRIPE_KEY: stripe.ready.secret,
        LIMITER: limiter,
      },
    });
    cleanUp.push(() => product.stop());
    const memory = await untilRead(database, { product, isJson: options.isJson });
    const figuresAtMs = await untilFigured(database);
    return await summarize(database, { limiter, isAlone, memory, figuresAtMs });
  } finally {
    for (const step of cleanUp.reverse()) await step();
  }
}

async function untilRead(db: BenchDatabase, input: { product: ServerProcess; isJson: boolean }): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (;;) {
    const [row] = await db.query<{ objects: number; state: string }>(
      `select r.state, coalesce(sum(l.objects), 0)::int as objects
       from backfill_run r left join backfill_list l on l.run_id = r.id group by r.id`,
    );
    if (row !== undefined) {
      samples.push({ objects: row.objects, rssMb: residentMb(input.product.pid) });
      if (!input.isJson && process.stderr.isTTY) process.stderr.write(`\r${row.objects} objects `);
      if (row.state === 'failed' || row.state === 'stopped') throw new Error(`the backfill ended as ${row.state}`);
      if (row.state === 'done') return samples;
    }
    await pause(SAMPLE_EVERY_MS);
  }
}

/** When nobody's figures wait to be computed any more, milliseconds of this machine's clock. */
async function untilFigured(db: BenchDatabase): Promise<number> {
  for (;;) {
    const [row] = await db.query<{ n: number }>('select count(*)::int as n from contact_stale');
    if (row?.n === 0) return Date.now();
    await pause(SAMPLE_EVERY_MS);
  }
}

function residentMb(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

async function summarize(
  db: BenchDatabase,
  input: { limiter: 'on' | 'off'; isAlone: boolean; memory: readonly Sample[]; figuresAtMs: number },
): Promise<Run> {
  const lists = await db.query<{ type: string; objects: number; seconds: number }>(
    `select type, objects, extract(epoch from finished_at - started_at)::float8 as seconds from backfill_list
     where type = any($1) and objects > 0 order by nth`,
    [LISTS],
  );
  const [whole] = await db.query<{ objects: number; seconds: number; startedMs: number; updates: number }>(
    `select (select sum(objects)::int from backfill_list) as objects,
       extract(epoch from finished_at - started_at)::float8 as seconds,
       extract(epoch from started_at)::float8 * 1000 as "startedMs",
       (select count(*)::float8 from bus_event where type = 'contact_updated') / (select count(*) from contact) as updates
     from backfill_run`,
  );
  if (whole === undefined) throw new Error('no run');
  return {
    limiter: input.limiter,
    isAlone: input.isAlone,
    objects: whole.objects,
    seconds: whole.seconds,
    perSecond: whole.objects / whole.seconds,
    figuresSeconds: (input.figuresAtMs - whole.startedMs) / 1000,
    contactUpdatesPerContact: whole.updates,
    lists: lists.map(({ type, objects, seconds }) => ({ type, objects, perSecond: objects / seconds })),
    memory: milestones(input.memory),
  };
}

/** The highest memory up to 1 %, 10 %, half and all of the objects. */
function milestones(samples: readonly Sample[]): Sample[] {
  const all = samples.at(-1)?.objects ?? 0;
  return [0.01, 0.1, 0.5, 1].map((share) => {
    const upTo = samples.filter((sample) => sample.objects <= all * share);
    return {
      objects: upTo.at(-1)?.objects ?? 0,
      rssMb: Math.round(Math.max(0, ...upTo.slice(-20).map((sample) => sample.rssMb))),
    };
  });
}

function describe(run: Run): string {
  const memory = run.memory.map(({ objects, rssMb }) => `${rssMb} MB at ${objects}`).join(', ');
  const limit = run.limiter === 'on' ? `limit of ${LIMIT} requests a second and list` : 'no limit';
  return [
    `${limit}${run.isAlone ? ', one list alone' : ''}: ${run.objects} objects in ${run.seconds.toFixed(1)} s, ${Math.round(run.perSecond)}/s; all figures after ${run.figuresSeconds.toFixed(1)} s; ${run.contactUpdatesPerContact.toFixed(2)} updates told of each contact`,
    ...run.lists.map(
      (list) =>
        `  ${list.type.padEnd(14)} ${list.objects} objects, ${Math.round(list.perSecond)}/s${run.limiter === 'on' ? ` (${Math.round((list.perSecond / PER_LIST_MAX) * 100)} % of the limit)` : ''}`,
    ),
    `  memory: ${memory}`,
  ].join('\n');
}

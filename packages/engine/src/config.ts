import { z } from 'zod';
import { ConfigurationError } from '#base/errors.ts';

/** A key of 32 bytes, base64: seals Stripe keys and signing secrets at rest. `openssl rand -base64 32` makes one. */
const SecretKey = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64: openssl rand -base64 32');

const url = z.url();

const ConfigSchema = z.object({
  /** `both` in one process, or `web` and `worker` processes beside each other on PostgreSQL. */
  ROLE: z.enum(['web', 'worker', 'both']).default('both'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4400),
  /** Where people and Stripe reach this server; links in messages start with it. */
  BASE_URL: url.optional(),
  /** Folder of the embedded storage; not used with DATABASE_URL. */
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: url.optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  SECRET_KEY: SecretKey.optional(),
  STRIPE_SECRET_KEY: z.string().startsWith('sk_').optional(),
  STRIPE_CLIENT_ID: z.string().startsWith('ca_').optional(),
  /** The published Stripe App's developer key and client id. */
  STRIPE_APP_SECRET_KEY: z.string().startsWith('sk_').optional(),
  STRIPE_APP_CLIENT_ID: z.string().startsWith('ca_').optional(),
  /** Where Stripe answers: only the simulator and tests set it. */
  STRIPE_API_BASE: url.optional(),
  /** Default: captured, nothing leaves the machine. */
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must start with smtp:// or smtps://')
    .optional(),
  MAIL_FROM: z.string().default('GrowthOS <growthos@localhost>'),
  /** Mail that comes back is sent here, as `name+ID@domain`: an address that reaches `npm run mail:report`. */
  BOUNCE_ADDRESS: z.email().optional(),
  NATS_URL: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Whether a proxy in front sets X-Forwarded-For, and may be believed. */
  TRUST_PROXY: z.stringbool().default(false),
  /** Folders of what browsers load; relative to where the server is started. */
  DASHBOARD_DIR: z.string().default('apps/dashboard/dist'),
  SDK_DIR: z.string().default('packages/browser/dist'),
  /** The seeded demo company; signs its visitor in by itself, on loopback only. */
  DEMO: z.stringbool().default(false),
});

export type Config = Readonly<z.infer<typeof ConfigSchema>>;

/**
 * The configuration, read once at start. Nothing else reads the environment.
 * @throws ConfigurationError with one line per wrong or missing variable.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = ConfigSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigurationError(lines.join('\n'));
  }
  const config = parsed.data;
  if (config.DATABASE_URL !== undefined && config.SECRET_KEY === undefined) {
    throw new ConfigurationError(
      'SECRET_KEY: missing. With DATABASE_URL set, secrets need a key of yours: openssl rand -base64 32',
    );
  }
  requireBoth(config, { way: 'Stripe Connect', key: 'STRIPE_SECRET_KEY', client: 'STRIPE_CLIENT_ID' });
  requireBoth(config, { way: 'A Stripe App', key: 'STRIPE_APP_SECRET_KEY', client: 'STRIPE_APP_CLIENT_ID' });
  return Object.freeze(config);
}

function requireBoth(config: Config, names: { way: string; key: keyof Config; client: keyof Config }): void {
  const { way, key, client } = names;
  if ((config[key] === undefined) === (config[client] === undefined)) return;
  const missing = config[key] === undefined ? key : client;
  throw new ConfigurationError(`${missing}: missing. ${way} needs ${key} and ${client} together.`);
}

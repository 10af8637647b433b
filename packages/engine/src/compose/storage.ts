/** Where data and the key that seals secrets are: on PostgreSQL by the environment, or in a folder of our own. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createSecretBox, type SecretBox } from '#access/index.ts';
import type { Log } from '#base/log.ts';
import { openEmbeddedDb } from '#db/client/embedded.ts';
import { openServerDb } from '#db/client/server.ts';
import type { Db } from '#db/db.ts';
import type { Config } from '#config.ts';

export function openDb(config: Config, log: Log): Promise<Db> {
  if (config.DATABASE_URL === undefined) return openEmbeddedDb({ dataDir: resolve(config.DATA_DIR) });
  return Promise.resolve(openServerDb({ log }, { url: config.DATABASE_URL, poolSizeMax: config.DATABASE_POOL_SIZE }));
}

/** The key of the environment; on embedded storage one of its own, made at the first start and kept beside the data. */
export function secretsOf(config: Config): { secretBox: SecretBox; secretKey: string } {
  const secretKey = config.SECRET_KEY ?? keptKey(resolve(config.DATA_DIR));
  return { secretBox: createSecretBox(secretKey), secretKey };
}

function keptKey(dataDir: string): string {
  const file = join(dataDir, 'secret-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  mkdirSync(dataDir, { recursive: true });
  const key = randomBytes(32).toString('base64');
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}

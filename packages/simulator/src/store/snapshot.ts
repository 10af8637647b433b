import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Faults } from '#webhooks/faults.ts';
import type { AccountRow, ApplicationRow, CodeRow, ConnectionRow, KeyRow } from './access.ts';
import { TABLE_NAMES } from './account-state.ts';
import type { DeliveryRow } from './event.ts';
import type { Row } from './table.ts';
import type { World } from './world.ts';

/** Raised when the rows change shape; an older snapshot is then left aside instead of being misread. */
const FORMAT = 3;
const FILE = 'simulator.json';

interface Snapshot {
  readonly format: number;
  readonly nowMs: number;
  readonly chance: number;
  readonly traffic: number;
  readonly accounts: readonly AccountRow[];
  readonly keys: readonly KeyRow[];
  readonly applications: readonly ApplicationRow[];
  readonly codes: readonly CodeRow[];
  readonly connections: readonly ConnectionRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly faults: Faults;
  readonly tables: Readonly<Record<string, Readonly<Record<string, readonly Row[]>>>>;
}

/** Written beside and renamed, so that a crash in the middle leaves the former snapshot. Bulk blocks are not kept. */
export async function saveSnapshot(world: World, dataDir: string): Promise<void> {
  const tables: Record<string, Record<string, readonly Row[]>> = {};
  for (const [key, state] of world.states) {
    const rows: Record<string, readonly Row[]> = {};
    for (const name of TABLE_NAMES) rows[name] = state[name].all();
    tables[key] = rows;
  }
  const snapshot: Snapshot = {
    format: FORMAT,
    nowMs: world.clock.nowMs(),
    chance: world.chance.state,
    traffic: world.traffic.state,
    accounts: [...world.accounts.values()],
    keys: [...world.keys.values()],
    applications: [...world.applications.values()],
    codes: [...world.codes.values()],
    connections: world.connections,
    deliveries: world.deliveries,
    faults: world.faults,
    tables,
  };
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, FILE);
  await writeFile(`${path}.new`, JSON.stringify(snapshot));
  await rename(`${path}.new`, path);
}

/** undefined when there is none, or when it is of another format. */
export async function readSnapshot(dataDir: string): Promise<Snapshot | undefined> {
  let text: string;
  try {
    text = await readFile(join(dataDir, FILE), 'utf8');
  } catch {
    return undefined;
  }
  const snapshot = JSON.parse(text) as Snapshot;
  return snapshot.format === FORMAT ? snapshot : undefined;
}

export function restoreSnapshot(world: World, snapshot: Snapshot): void {
  world.clock.moveTo(snapshot.nowMs);
  world.chance.state = snapshot.chance;
  world.traffic.state = snapshot.traffic;
  for (const row of snapshot.accounts) world.addAccount(row);
  for (const row of snapshot.keys) world.keys.set(row.key, row);
  for (const row of snapshot.applications) world.applications.set(row.id, row);
  for (const row of snapshot.codes) world.codes.set(row.code, row);
  world.connections = [...snapshot.connections];
  world.deliveries = [...snapshot.deliveries];
  Object.assign(world.faults, snapshot.faults);
  for (const [key, rows] of Object.entries(snapshot.tables)) {
    const state = world.stateByKey(key);
    for (const name of TABLE_NAMES) restoreTable(state[name], rows[name] ?? []);
  }
}

/** The snapshot was written from these very tables, so each list holds its table's rows. */
function restoreTable(table: { restore(rows: readonly never[]): void }, rows: readonly Row[]): void {
  table.restore(rows as readonly never[]);
}

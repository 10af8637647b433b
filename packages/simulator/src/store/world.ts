import type { MovableClock } from '#clock.ts';
import { Chance } from '#chance.ts';
import type { RequestRecord, Violation } from '#simulator.ts';
import { Timers, type TimerKind } from '#timers.ts';
import { type Faults, noFaults } from '#webhooks/faults.ts';
import type { AccountRow, ApplicationRow, CodeRow, ConnectionRow, KeyRow } from './access.ts';
import { AccountState, stateKey } from './account-state.ts';
import type { DeliveryRow } from './event.ts';

/** Everything the simulator knows. One per process or test; no module keeps state of its own. */
export class World {
  readonly clock: MovableClock;
  readonly chance: Chance;
  /** For ids of requests and deliveries, so that who reads what changes nobody's object ids. */
  readonly traffic: Chance;
  readonly timers = new Timers();
  readonly accounts = new Map<string, AccountRow>();
  readonly states = new Map<string, AccountState>();
  readonly keys = new Map<string, KeyRow>();
  readonly applications = new Map<string, ApplicationRow>();
  readonly codes = new Map<string, CodeRow>();
  connections: ConnectionRow[] = [];
  deliveries: DeliveryRow[] = [];
  readonly faults: Faults = noFaults();
  readonly violations: Violation[] = [];
  readonly requests: RequestRecord[] = [];
  isReadOnly = false;
  /** Events older than this are not made: they would be beyond the 30 days that Stripe shows. Seconds. */
  recordEventsFromS = 0;
  /** Called after every change, so that snapshots and automatic deliveries can follow. */
  onChange: () => void = () => {};

  /** Told each instant to which the clock is moved, before anything of that instant is delivered. */
  onClock: (now: Date) => Promise<void> = async () => {};

  constructor(clock: MovableClock, seed: number) {
    this.clock = clock;
    this.chance = new Chance(seed);
    this.traffic = new Chance(seed + 1);
  }

  addAccount(row: AccountRow): void {
    this.accounts.set(row.id, row);
    for (const livemode of [false, true]) {
      const state = new AccountState(row.id, livemode);
      this.states.set(state.key, state);
    }
  }

  account(id: string): AccountRow {
    const row = this.accounts.get(id);
    if (!row) throw new Error(`the simulator has no account ${id}`);
    return row;
  }

  state(account: string, livemode: boolean): AccountState {
    return this.stateByKey(stateKey(account, livemode));
  }

  stateByKey(key: string): AccountState {
    const state = this.states.get(key);
    if (!state) throw new Error(`the simulator has no account ${key}`);
    return state;
  }

  setTimer(state: AccountState, kind: TimerKind, id: string, atS: number): void {
    this.timers.set({ atS, kind, stateKey: state.key, id });
  }

  trafficId(prefix: string): string {
    return `${prefix}_${this.traffic.text(14)}`;
  }

  /** `sub_1` + text, like the real ones: long enough never to collide. */
  id(prefix: string, length = 24): string {
    return `${prefix}_${this.chance.text(length)}`;
  }
}

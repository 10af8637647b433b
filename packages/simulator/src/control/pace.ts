import type { SimulatorOptions } from '#simulator.ts';
import { saveSnapshot } from '#store/snapshot.ts';
import type { World } from '#store/world.ts';
import { deliverDue } from '#webhooks/deliver.ts';
import { advanceState } from './advance.ts';

/** How long after a change the snapshot is written; several changes make one. */
const SAVE_AFTER_MS = 1_000;
/** How often a running clock looks for what has fallen due. */
const TICK_MS = 1_000;

/** What happens by itself: a running clock, automatic deliveries, snapshots. Idle when a test wants none of it. */
export class Pace {
  private readonly world: World;
  private readonly options: SimulatorOptions;
  private tick: NodeJS.Timeout | undefined;
  private saveTimer: NodeJS.Timeout | undefined;
  private deliverySoon = false;
  private working: Promise<void> = Promise.resolve();

  constructor(world: World, options: SimulatorOptions) {
    this.world = world;
    this.options = options;
  }

  start(): void {
    this.world.onChange = () => this.changed();
    if (this.options.clock === 'running' || this.options.deliver === 'auto') {
      this.tick = setInterval(() => this.beat(), TICK_MS);
    }
  }

  async stop(): Promise<void> {
    this.world.onChange = () => {};
    clearInterval(this.tick);
    clearTimeout(this.saveTimer);
    await this.working;
  }

  async save(): Promise<void> {
    if (this.options.dataDir !== undefined) await saveSnapshot(this.world, this.options.dataDir);
  }

  private beat(): void {
    if (this.options.clock === 'running') advanceState(this.world, this.world.clock.nowMs());
    this.deliverSoon();
  }

  private changed(): void {
    this.deliverSoon();
    if (this.options.dataDir === undefined || this.saveTimer !== undefined) return;
    this.saveTimer = setTimeout(() => {
      this.saveTimer = undefined;
      this.after(() => this.save());
    }, SAVE_AFTER_MS);
  }

  private deliverSoon(): void {
    if (this.options.deliver !== 'auto' || this.deliverySoon) return;
    this.deliverySoon = true;
    setImmediate(() => {
      this.deliverySoon = false;
      this.after(() => deliverDue(this.world));
    });
  }

  /** One piece of work at a time; a failed one is reported and does not stop the next. */
  private after(work: () => Promise<void>): void {
    this.working = this.working.then(work).catch((error: unknown) => {
      this.options.log?.(`the simulator could not finish its own work: ${String(error)}`);
    });
  }
}

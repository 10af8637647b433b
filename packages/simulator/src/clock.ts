/**
 * The simulator's time. Everything in it reads this clock; only this file reads the machine's.
 * Frozen: moves when told to. Running: additionally passes at the speed of the machine's clock.
 */
export interface SimulatorClock {
  now(): Date;
  /** Whole seconds, as Stripe writes times. */
  nowS(): number;
}

export class MovableClock implements SimulatorClock {
  private baseMs: number;
  private wallAtBaseMs: number;
  private isRunning = false;

  constructor(start: Date) {
    this.baseMs = start.getTime();
    this.wallAtBaseMs = wallNowMs();
  }

  /** From here on it also passes by itself. */
  run(): void {
    this.wallAtBaseMs = wallNowMs();
    this.isRunning = true;
  }

  nowMs(): number {
    return this.isRunning ? this.baseMs + (wallNowMs() - this.wallAtBaseMs) : this.baseMs;
  }

  now(): Date {
    return new Date(this.nowMs());
  }

  nowS(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** Time never goes back: an earlier instant is ignored. */
  moveTo(ms: number): void {
    if (ms < this.nowMs()) return;
    this.baseMs = ms;
    this.wallAtBaseMs = wallNowMs();
  }
}

/** Only for what has to do with the machine: rate limits, timeouts and the running clock. */
export function wallNowMs(): number {
  return Date.now();
}

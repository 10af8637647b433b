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
  private readonly mode: 'frozen' | 'running';

  constructor(start: Date, mode: 'frozen' | 'running') {
    this.baseMs = start.getTime();
    this.wallAtBaseMs = wallNowMs();
    this.mode = mode;
  }

  nowMs(): number {
    return this.mode === 'frozen' ? this.baseMs : this.baseMs + (wallNowMs() - this.wallAtBaseMs);
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

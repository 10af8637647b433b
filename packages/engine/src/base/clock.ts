/** The only place that reads the machine's clock. Everything else is handed a `Clock`, so that a test can move it. */
export interface Clock {
  now(): Date;
  /** Whether its time passes by itself: only then may somebody sleep until a moment of it. */
  readonly isRunning?: boolean;
}

export const systemClock: Clock = { isRunning: true, now: () => new Date() };

export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

export function durationMs(duration: Duration): number {
  const hours = (duration.days ?? 0) * 24 + (duration.hours ?? 0);
  return ((hours * 60 + (duration.minutes ?? 0)) * 60 + (duration.seconds ?? 0)) * 1000;
}

export function addMs(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}

/** Stripe's epoch seconds to our instants: converted once, at the border. */
export function fromEpochS(seconds: number): Date {
  return new Date(seconds * 1000);
}

export function toEpochS(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** A date from text that came from outside, or null where it is none. */
export function parseInstant(text: string): Date | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A clock that a test, or the demo's "advance 3 days", moves. It never goes backwards and never runs by itself. */
export class MovableClock implements Clock {
  #now: Date;

  constructor(start: Date) {
    this.#now = start;
  }

  now(): Date {
    return this.#now;
  }

  advance(duration: Duration): Date {
    this.#now = addMs(this.#now, durationMs(duration));
    return this.#now;
  }

  moveTo(date: Date): Date {
    if (date.getTime() < this.#now.getTime()) throw new RangeError(`clock cannot go back to ${date.toISOString()}`);
    this.#now = date;
    return this.#now;
  }
}

/** The machine's clock plus a shift that can grow: the demo's clock, which runs on but can also be moved forward. */
export class ShiftedClock implements Clock {
  readonly isRunning = true;
  #shiftMs = 0;

  now(): Date {
    return addMs(systemClock.now(), this.#shiftMs);
  }

  shiftMs(): number {
    return this.#shiftMs;
  }

  setShiftMs(shiftMs: number): void {
    this.#shiftMs = Math.max(this.#shiftMs, shiftMs);
  }
}

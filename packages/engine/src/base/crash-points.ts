import { CrashedError } from './errors.ts';

/** Named places where a fault test may let the process die. Costs one set lookup; production never arms one. */
export interface CrashPoints {
  reach(point: string): void;
}

export const noCrashes: CrashPoints = { reach: () => undefined };

export class ArmedCrashes implements CrashPoints {
  readonly #armed = new Set<string>();

  arm(point: string): void {
    this.#armed.add(point);
  }

  reach(point: string): void {
    if (this.#armed.delete(point)) throw new CrashedError(`died at ${point}`);
  }
}

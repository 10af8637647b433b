/** What can fall due by time alone. The row that a timer names decides, when it fires, whether it still applies. */
export type TimerKind =
  | 'trial_will_end'
  | 'period_end'
  | 'cancel_at'
  | 'finalize'
  | 'retry'
  | 'incomplete_expire'
  | 'discount_end'
  | 'pause_resume'
  | 'schedule_phase';

export interface Timer {
  readonly atS: number;
  readonly kind: TimerKind;
  readonly stateKey: string;
  readonly id: string;
}

interface Entry extends Timer {
  readonly order: number;
}

/** A binary heap: earliest first, and in the order of setting within one second. */
export class Timers {
  private readonly heap: Entry[] = [];
  private nextOrder = 0;

  get size(): number {
    return this.heap.length;
  }

  peek(): Timer | undefined {
    return this.heap[0];
  }

  set(timer: Timer): void {
    this.heap.push({ ...timer, order: this.nextOrder });
    this.nextOrder += 1;
    let child = this.heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) break;
      this.swap(child, parent);
      child = parent;
    }
  }

  take(): Timer | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return first;
  }

  private sink(): void {
    let parent = 0;
    for (;;) {
      const left = parent * 2 + 1;
      const right = left + 1;
      let least = parent;
      if (left < this.heap.length && this.isBefore(left, least)) least = left;
      if (right < this.heap.length && this.isBefore(right, least)) least = right;
      if (least === parent) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const left = this.heap[a];
    const right = this.heap[b];
    if (left === undefined || right === undefined) return false;
    return left.atS < right.atS || (left.atS === right.atS && left.order < right.order);
  }

  private swap(a: number, b: number): void {
    const left = this.heap[a];
    const right = this.heap[b];
    if (left === undefined || right === undefined) return;
    this.heap[a] = right;
    this.heap[b] = left;
  }
}

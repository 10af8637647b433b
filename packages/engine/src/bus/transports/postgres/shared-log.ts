/**
 * The log, as the consumers of one process read it: what one has read a moment ago, the next at the same place is given.
 * They are woken together, so most of a busy log is read and parsed once instead of once for each. In: where a consumer
 * stands. Out: what follows, in its order. An event never changes but for whose it is (a merge, an erasure); a consumer that
 * is given the event as it was is where it would be had it looked that moment earlier, and meets the news at its own place.
 */
import { many, one, type Tx } from '#db/db.ts';
import { BUS_EVENT_COLUMNS, type BusEvent } from '../../bus-event.ts';
import type { Consumer } from '../../consumer.ts';
import type { Batch } from '../../work-off.ts';

/** How long a stretch may be handed on, milliseconds: less than a consumer's transaction may take anyway. */
const KEPT_MS = 1_000;
/** Of the largest batch that is some thousand events: consumers of different speed still meet. */
const STRETCHES_MAX = 8;

interface Place {
  readonly position: bigint;
  readonly sizeMax: number;
}

interface Stretch {
  readonly after: bigint;
  readonly sizeMax: number;
  readonly batch: Promise<Batch>;
  readonly readAtMs: number;
}

export class SharedLog {
  readonly #nowMs: () => number;
  #stretches: Stretch[] = [];

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** What follows the place, for one that wants every type. Fails as a statement of the transaction does. */
  async read(tx: Tx, place: Place): Promise<Batch> {
    const known = await this.#known(place);
    if (known !== null) return known;
    const batch = readLog(tx, { ...place, types: null });
    const stretch = { after: place.position, sizeMax: place.sizeMax, batch, readAtMs: this.#nowMs() };
    this.#stretches = [...this.#stretches, stretch].slice(-STRETCHES_MAX);
    return batch;
  }

  /** The part behind the place of what somebody else has read; null where nobody has. */
  async #known({ position, sizeMax }: Place): Promise<Batch | null> {
    const sinceMs = this.#nowMs() - KEPT_MS;
    this.#stretches = this.#stretches.filter(({ readAtMs }) => readAtMs >= sinceMs);
    for (const stretch of this.#stretches) {
      if (stretch.after > position) continue;
      // Whoever read it hears of the failure; everybody else reads for themselves.
      const batch = await stretch.batch.catch(() => null);
      if (batch === null || batch.upTo === null || batch.upTo <= position) continue;
      const events = batch.events.filter((event) => event.position > position);
      const last = events[sizeMax - 1];
      // Less than was asked for, of a stretch that ended where its reader had enough: more may follow at once.
      if (last === undefined && batch.events.length === stretch.sizeMax) continue;
      return last === undefined
        ? { events, upTo: batch.upTo }
        : { events: events.slice(0, sizeMax), upTo: last.position };
    }
    return null;
  }
}

export async function readLog(tx: Tx, input: Place & { types: Consumer['types'] }): Promise<Batch> {
  const { types, position, sizeMax } = input;
  // The log's end is read before the events: what is committed between the two statements then lies behind it. The other
  // way round, an event committed in between would be stepped over, for ever.
  const end = await one<{ position: bigint | null }>(tx, {
    name: 'bus_end',
    text: 'select max(position) as position from bus_event',
  });
  const upTo = end?.position ?? null;
  if (upTo === null || upTo <= position) return { events: [], upTo: null };
  const events = await many<BusEvent>(tx, {
    name: types === null ? 'bus_read_all' : 'bus_read_types',
    text: `select ${BUS_EVENT_COLUMNS} from bus_event
           where position > $1 ${types === null ? '' : 'and type = any($3::text[])'}
           order by position limit $2`,
    values: types === null ? [position, sizeMax] : [position, sizeMax, [...types]],
  });
  const last = events.at(-1);
  if (last && (events.length === sizeMax || last.position > upTo)) return { events, upTo: last.position };
  // Nothing more of its types up to that end: step over the others, so that the next look starts behind them.
  return { events, upTo };
}

import { many, one, type Queryable } from '#db/db.ts';

/**
 * Takes a duty that is due, or due or not when `isForced`, for `leaseMs`; nobody else has it until then. It is a row and
 * not an advisory lock, because it is held while Stripe answers: an open transaction would hold up the embedded storage,
 * which has one session.
 */
export async function takeDuty(
  db: Queryable,
  input: { name: string; now: Date; leaseMs: number; isForced?: boolean },
): Promise<boolean> {
  const row = await one(db, {
    text: `insert into stripe_duty as d (name, next_at, leased_until)
           values ($1, $2, $2::timestamptz + $3 * interval '1 millisecond')
           on conflict (name) do update set leased_until = excluded.leased_until
             where (d.next_at <= $2 or $4) and (d.leased_until is null or d.leased_until <= $2)
           returning name`,
    values: [input.name, input.now, input.leaseMs, input.isForced ?? false],
  });
  return row !== undefined;
}

/** Gives the duty back, to be taken again at `nextAt`. */
export async function endDuty(
  db: Queryable,
  input: { name: string; nextAt: Date; now: Date; error: string | null },
): Promise<void> {
  await db.query({
    text: `update stripe_duty set next_at = $2, leased_until = null, error = $4, done_at = $3,
             attempts = case when $4::text is null then 0 else attempts + 1 end
           where name = $1`,
    values: [input.name, input.nextAt, input.now, input.error],
  });
}

/** Brings a duty's next turn forward. Whoever has it now keeps it. */
export async function makeDutyDue(db: Queryable, input: { name: string; now: Date }): Promise<void> {
  await db.query({
    text: 'update stripe_duty set next_at = least(next_at, $2) where name = $1',
    values: [input.name, input.now],
  });
}

export interface DutyRow {
  readonly name: string;
  readonly nextAt: Date;
  readonly doneAt: Date | null;
  readonly attempts: number;
  readonly error: string | null;
}

export async function readDuty(db: Queryable, name: string): Promise<DutyRow | undefined> {
  return one<DutyRow>(db, {
    text: 'select name, next_at as "nextAt", done_at as "doneAt", attempts, error from stripe_duty where name = $1',
    values: [name],
  });
}

/**
 * Which of these duties are not to be taken now: done not long ago, or held by a process. Read before `takeDuty`, which
 * decides, because that locks a row even where there is nothing to do, and workers are woken at every event.
 */
export async function readRestingDuties(
  db: Queryable,
  input: { names: readonly string[]; now: Date },
): Promise<ReadonlySet<string>> {
  const rows = await many<{ name: string }>(db, {
    text: 'select name from stripe_duty where name = any($1::text[]) and (next_at > $2 or leased_until > $2)',
    values: [[...input.names], input.now],
  });
  return new Set(rows.map((row) => row.name));
}

/** When the first of a kind of duties is due again, by the beginning of their names. */
export async function nextDutyAt(db: Queryable, prefix: 'endpoint:' | 'reconcile:'): Promise<Date | null> {
  const row = await one<{ next: Date | null }>(db, {
    text: 'select min(greatest(next_at, leased_until)) as next from stripe_duty where starts_with(name, $1)',
    values: [prefix],
  });
  return row?.next ?? null;
}

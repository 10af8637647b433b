import { one, type Queryable } from '#db/db.ts';

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

import { payloadValue } from '@growthos/contracts/sequence/payload-test.ts';
import type { Payload } from '@growthos/contracts/sequence/payload-test.ts';
import { many, type Queryable } from '#db/db.ts';

interface ClosableRun {
  readonly id: string;
  readonly workspaceId: string;
  readonly payload: Payload;
  readonly sequence: {
    readonly program: {
      readonly definition: {
        readonly exits: {
          readonly invoiceClosed?: string | undefined;
          readonly subscriptionEnded?: string | undefined;
        };
      };
    };
  };
}

const WORDS: Readonly<Record<string, string>> = {
  paid: 'The invoice is paid.',
  void: 'The invoice was voided.',
  uncollectible: 'The invoice was written off.',
  canceled: 'The subscription has ended.',
  incomplete_expired: 'The subscription never began.',
};

/**
 * Runs whose invoice or subscription, as Stripe last told of it, is over: run id to a sentence. Read from the stored
 * objects, so it holds even where no event on the bus says it (a voided invoice).
 */
export async function closedStripeObjects(
  db: Queryable,
  runs: readonly ClosableRun[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = runs.flatMap((run) => {
    const { invoiceClosed, subscriptionEnded } = run.sequence.program.definition.exits;
    return [
      { run, type: 'invoice', id: invoiceClosed ? payloadValue(run.payload, invoiceClosed) : null },
      { run, type: 'subscription', id: subscriptionEnded ? payloadValue(run.payload, subscriptionEnded) : null },
    ].filter((one): one is { run: ClosableRun; type: string; id: string } => typeof one.id === 'string');
  });
  if (wanted.length === 0) return new Map();
  const rows = await many<{ nth: bigint; status: string }>(db, {
    name: 'sequence_closed_objects',
    text: `select w.nth, o.fact ->> 'status' as status
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) with ordinality as w (workspace_id, account, type, id, nth)
           join stripe_object o on o.stripe_account = w.account and o.livemode in (true, false) and o.type = w.type and o.id = w.id
             and o.workspace_id = w.workspace_id
           where (w.type = 'invoice' and o.fact ->> 'status' in ('paid', 'void', 'uncollectible'))
              or (w.type = 'subscription' and o.fact ->> 'status' in ('canceled', 'incomplete_expired'))`,
    values: [
      wanted.map((one) => one.run.workspaceId),
      wanted.map((one) => accountOf(one.run.payload)),
      wanted.map((one) => one.type),
      wanted.map((one) => one.id),
    ],
  });
  return new Map(
    rows.flatMap((row) => {
      const run = wanted[Number(row.nth) - 1]?.run;
      return run ? [[run.id, WORDS[row.status] ?? 'It is over.'] as const] : [];
    }),
  );
}

function accountOf(payload: Payload): string {
  const account = payload['stripe_account'];
  return typeof account === 'string' ? account : '';
}

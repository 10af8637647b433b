import { many, one, type Tx } from '#db/db.ts';
import { enrolCandidates, type EnrolDeps } from './enrol.ts';
import type { LoadedSequence } from './load-programs.ts';

const BATCH_SIZE = 1_000;

/** Everybody who is in the trigger's segment now starts: for a sequence that is switched on with `includeNow`. */
export async function enrolSegmentMembers(deps: EnrolDeps, input: { tx: Tx; sequence: LoadedSequence }): Promise<void> {
  const { tx, sequence } = input;
  const { trigger } = sequence.program.definition;
  if (trigger.kind !== 'segment' || trigger.on !== 'entered') return;
  const end = await one<{ position: bigint }>(tx, {
    text: 'select coalesce(max(position), 0)::bigint as position from bus_event',
  });
  const now = deps.clock.now();
  for (let after: string | null = null; ; ) {
    const rows: { contact_id: string; segment_id: string; key: string; name: string }[] = await many(tx, {
      text: `select m.contact_id, s.id as segment_id, s.key, s.name from segment s
             join segment_membership m on m.segment_id = s.id and m.version = s.version
             where s.workspace_id = $1 and (s.key = $2 or s.id::text = $2) and m.is_member
               and ($3::uuid is null or m.contact_id > $3) order by m.contact_id limit $4`,
      values: [sequence.workspaceId, trigger.segment, after, BATCH_SIZE],
    });
    await enrolCandidates(deps, {
      tx,
      candidates: rows.map((row) => ({
        sequence,
        contactId: row.contact_id,
        entryKey: '',
        triggerEventId: null,
        triggerType: 'segment_entered',
        triggerPosition: end?.position ?? 0n,
        payload: { segment_id: row.segment_id, segment_key: row.key, segment_name: row.name },
        at: now,
        cause: { kind: 'person', id: null, type: 'switch_on' },
      })),
    });
    const last = rows.at(-1);
    if (!last || rows.length < BATCH_SIZE) return;
    after = last.contact_id;
  }
}

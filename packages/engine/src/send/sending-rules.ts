import { SendingRules } from '@growthos/contracts/http/sending.ts';
import type { Clock } from '#base/clock.ts';
import { json, many, type Db, type Queryable } from '#db/db.ts';
import type { Mailer } from './email/mailer.ts';

/** Everything that a workspace says about how its messages go. */
export interface SendingSetup {
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly zone: string;
  readonly rules: SendingRules;
}

interface Deps {
  readonly db: Queryable;
  readonly mailer: Pick<Mailer, 'kind'>;
}

/**
 * Settings that cannot be read count as not given: a wrong value there must not stop every message. A workspace in which
 * nobody has said whether it rehearses does so where mail would really leave.
 */
export async function loadSetups(
  { db, mailer }: Deps,
  workspaceIds: readonly string[],
): Promise<ReadonlyMap<string, SendingSetup>> {
  const rows = await many<{ id: string; name: string; timezone: string; rules: unknown }>(db, {
    name: 'send_setups',
    text: `select w.id, w.name, w.timezone, r.rules
           from workspace w left join sending_rules r on r.workspace_id = w.id where w.id = any($1::uuid[])`,
    values: [[...new Set(workspaceIds)]],
  });
  const byDefault = { isDryRun: mailer.kind === 'smtp' };
  return new Map(
    rows.map((row) => [
      row.id,
      {
        workspaceId: row.id,
        workspaceName: row.name,
        zone: row.timezone,
        rules: SendingRules.safeParse({ ...byDefault, ...asRecord(row.rules) }).data ?? SendingRules.parse(byDefault),
      },
    ]),
  );
}

function asRecord(value: unknown): object {
  return value !== null && typeof value === 'object' ? value : {};
}

export async function readSendingRules(deps: Deps, input: { workspaceId: string }): Promise<SendingRules> {
  const setup = (await loadSetups(deps, [input.workspaceId])).get(input.workspaceId);
  return setup?.rules ?? SendingRules.parse({});
}

export async function writeSendingRules(
  deps: { db: Db; clock: Clock },
  input: { workspaceId: string; rules: SendingRules },
): Promise<void> {
  await deps.db.query({
    text: `insert into sending_rules (workspace_id, rules, updated_at) values ($1, $2::jsonb, $3)
           on conflict (workspace_id) do update set rules = excluded.rules, updated_at = excluded.updated_at`,
    values: [input.workspaceId, json(input.rules), deps.clock.now()],
  });
}

export interface Sender {
  readonly name: string;
  readonly email: string;
  readonly replyTo: string | null;
}

/** Who a message is from. The founder's own address where it is given, so that answers reach them. */
export function senderOf(setup: SendingSetup, input: { as: 'team' | 'founder'; serverFrom: Sender }): Sender {
  const { rules } = setup;
  const email = rules.fromEmail ?? input.serverFrom.email;
  const teamName = rules.fromName === '' ? setup.workspaceName : rules.fromName;
  if (input.as === 'team') return { name: teamName, email, replyTo: rules.replyTo };
  const founderEmail = rules.founderEmail ?? rules.teamEmail;
  return {
    name: rules.founderName ?? teamName,
    email: rules.founderEmail ?? email,
    replyTo: founderEmail ?? rules.replyTo,
  };
}

/** `Ada <ada@analytical.example>` or a bare address. */
export function parseSender(text: string): Sender {
  const match = /^\s*(.*?)\s*<([^<>\s]+)>\s*$/.exec(text);
  const name = (match?.[1] ?? '').replaceAll('"', '');
  return { name, email: match?.[2] ?? text.trim(), replyTo: null };
}

import type { Clock } from '#base/clock.ts';
import { NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { many, type Db } from '#db/db.ts';
import type { Sealer } from '../send-deps.ts';

export interface DestinationView {
  readonly id: string;
  readonly name: string;
  readonly kind: 'email' | 'slack';
  readonly shown: string;
}

export async function listTeamDestinations(
  deps: { db: Db; secrets: Sealer },
  input: { workspaceId: string },
): Promise<DestinationView[]> {
  const rows = await many<{
    id: string;
    name: string;
    kind: 'email' | 'slack';
    address: string | null;
    sealed_url: string | null;
  }>(deps.db, {
    text: 'select id, name, kind, address, sealed_url from team_destination where workspace_id = $1 order by created_at, id',
    values: [input.workspaceId],
  });
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    // The path of an incoming webhook is its secret: only the host is shown.
    shown: row.address ?? (row.sealed_url === null ? '' : new URL(deps.secrets.open(row.sealed_url)).host),
  }));
}

export async function addTeamDestination(
  deps: { db: Db; clock: Clock; secrets: Sealer },
  input: { workspaceId: string; name: string } & ({ kind: 'email'; address: string } | { kind: 'slack'; url: string }),
): Promise<DestinationView> {
  const id = newId();
  await deps.db.query({
    text: `insert into team_destination (id, workspace_id, name, kind, address, sealed_url, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      id,
      input.workspaceId,
      input.name,
      input.kind,
      input.kind === 'email' ? input.address : null,
      input.kind === 'slack' ? deps.secrets.seal(input.url) : null,
      deps.clock.now(),
    ],
  });
  return {
    id,
    name: input.name,
    kind: input.kind,
    shown: input.kind === 'email' ? input.address : new URL(input.url).host,
  };
}

export async function removeTeamDestination(db: Db, input: { workspaceId: string; id: string }): Promise<void> {
  const rows = await many(db, {
    text: 'delete from team_destination where id = $1 and workspace_id = $2 returning 1',
    values: [input.id, input.workspaceId],
  });
  if (rows.length === 0) throw new NotFoundError('There is no such team destination.');
}

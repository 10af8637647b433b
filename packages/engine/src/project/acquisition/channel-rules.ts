import { one, type Queryable } from '#db/db.ts';
import { type ChannelRule, ChannelSettingsSchema } from './channel.ts';

/** The tenant's own rules, which come before ours. */
export async function loadChannelRules(db: Queryable, workspaceId: string): Promise<readonly ChannelRule[]> {
  const row = await one<{ channels: unknown }>(db, {
    name: 'workspace_channels',
    text: `select settings->'channels' as channels from workspace where id = $1`,
    values: [workspaceId],
  });
  return ChannelSettingsSchema.parse(row?.channels ?? {}).rules;
}

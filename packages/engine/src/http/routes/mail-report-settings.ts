import { MailReportKeyBody, MailReportProvider, MailReportSettings } from '@growthos/contracts/http/mail-reports.ts';
import type { FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Access, recordAudit } from '#access/index.ts';
import { type MailReports, readCounts, readInlet, rotateInlet, type SendDeps, setReportKey } from '#send/index.ts';

export type MailReportSettingsDeps = Pick<SendDeps, 'db' | 'clock' | 'secrets' | 'baseUrl'> & {
  readonly reports: MailReports;
};

const tags = ['Sending'];
const config = { role: 'admin' as const };
const response = { 200: MailReportSettings };

/** `/api/sequences/mail-reports`: the secret addresses for bounces and complaints, and signing keys. Admins only, audited. */
export function mailReportSettingsRoutes(deps: MailReportSettingsDeps): FastifyPluginAsync {
  return async (plain) => {
    const app = plain.withTypeProvider<ZodTypeProvider>();
    app.get('/api/sequences/mail-reports', { config, schema: { tags, response } }, async ({ access }) =>
      page(deps, access),
    );
    app.post('/api/sequences/mail-reports/rotate', { config, schema: { tags, response } }, async ({ access }) => {
      await deps.db.transaction(async (tx) => {
        await recordAudit(
          { db: tx, clock: deps.clock },
          {
            access,
            action: 'mail_reports.rotated',
            subject: null,
            text: 'Made new addresses for bounces and complaints; the old ones are refused',
          },
        );
        await rotateInlet({ ...deps, db: tx }, { workspaceId: access.workspaceId });
      });
      return page(deps, access);
    });
    app.put(
      '/api/sequences/mail-reports/keys/:provider',
      {
        config,
        schema: { tags, params: z.object({ provider: MailReportProvider }), body: MailReportKeyBody, response },
      },
      async ({ access, params: { provider }, body: { key } }) => {
        const spec = deps.reports.providers[provider];
        await deps.db.transaction(async (tx) => {
          await setReportKey({ ...deps, db: tx }, { workspaceId: access.workspaceId, provider, spec, key });
          const what = key === null ? 'Took away' : 'Stored';
          await recordAudit(
            { db: tx, clock: deps.clock },
            {
              access,
              action: 'mail_reports.key_changed',
              subject: provider,
              text: `${what} the key that ${spec.name} signs with`,
            },
          );
        });
        return page(deps, access);
      },
    );
  };
}

async function page(deps: MailReportSettingsDeps, access: Access): Promise<MailReportSettings> {
  const { workspaceId } = access;
  const { token, hasKey } = await readInlet(deps, { workspaceId });
  const counts = await readCounts(deps.db, { workspaceId });
  return {
    providers: MailReportProvider.options.map((key) => {
      const { name, signing } = deps.reports.providers[key];
      const rows = counts.filter(({ provider }) => provider === key);
      const countOf = (outcome: (typeof rows)[number]['outcome']): number =>
        rows.find((row) => row.outcome === outcome)?.count ?? 0;
      const last = rows.map(({ lastAt }) => lastAt.getTime()).sort((left, right) => right - left)[0];
      return {
        key,
        name,
        url: `${deps.baseUrl}/webhooks/email/${key}/${token}`,
        signing,
        hasKey: hasKey.has(key),
        lastAt: last === undefined ? null : new Date(last).toISOString(),
        received: {
          recorded: countOf('recorded'),
          noted: countOf('noted'),
          known: countOf('known'),
          unknown_message: countOf('unknown_message'),
          ignored: countOf('ignored'),
          refused: countOf('refused'),
        },
      };
    }),
  };
}

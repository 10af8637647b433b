import { resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { findTrackKey, findWriteKey } from '#access/index.ts';
import { replayDeadLetter } from '#bus/index.ts';
import type { AppActions } from '#http/app-actions.ts';
import { buildApp } from '#http/app.ts';
import { connectionRoutes } from '#http/routes/connections.ts';
import { explainRoutes } from '#http/routes/explain.ts';
import { identityRoutes } from '#http/routes/identity.ts';
import { identitySecretRoutes } from '#http/routes/identity-secret.ts';
import { inAppRoutes } from '#http/routes/in-app.ts';
import { replayRoutes } from '#http/routes/replays.ts';
import { sdkRoutes } from '#http/routes/sdk.ts';
import { segmentRoutes } from '#http/routes/segments.ts';
import { sequenceRoutes } from '#http/routes/sequences.ts';
import { stripeWebhookRoutes } from '#http/routes/stripe-webhook.ts';
import { trackRoutes } from '#http/routes/track.ts';
import { unsubscribeRoutes } from '#http/routes/unsubscribe.ts';
import { receiveTracked, replayDead, type TrackDeps } from '#ingest/index.ts';
import {
  BILLING_WARNINGS,
  explainContactBilling,
  isRecomputable,
  requestRecompute,
  requestRescore,
} from '#project/index.ts';
import { forgetMemberships } from '#respond/segments/index.ts';
import { forgetRuns } from '#respond/sequences/index.ts';
import { isEmailHash, readIdentitySecret, rotateIdentitySecret } from '#send/in-app/identity-secret.ts';
import { type InApp, openInApp } from '#send/in-app/in-app.ts';
import { forgetMessages } from '#send/index.ts';
import { composeMailReports } from './mail.ts';
import { RULE_GROUPS } from './rule-groups.ts';
import type { Overrides, Parts } from '#main.ts';

/** The HTTP side with everything that its routes ask of the stages. */
export async function composeApp(
  parts: Parts,
  input: { overrides: Overrides; version: string; root: string },
): Promise<{ app: FastifyInstance; inApp: InApp }> {
  const { config, clock, stripe } = parts;
  const inApp = await openInApp({ ...parts, findWriteKey: (key) => findWriteKey(parts, key) });
  const app = await buildApp({
    ...parts,
    actions: actionsOf(parts),
    ruleGroups: RULE_GROUPS,
    billingWarningTexts: BILLING_WARNINGS,
    metrics: new Registry(),
    webhookRoutes: [stripeWebhookRoutes({ receive: (input) => stripe.receive(input) })],
    routes: [
      connectionRoutes({
        stripe,
        personOf: async (request) => (await parts.sessions.find(request.headers.cookie ?? ''))?.person.id ?? null,
      }),
      trackRoutes({
        receiveTracked: (input) => receiveTracked({ inbox: parts.inbox, clock, ...trackProofs(parts) }, input),
      }),
      segmentRoutes(parts),
      explainRoutes({ explain: (input) => explainContactBilling(parts.db, { ...input, clock }) }),
      identityRoutes({
        ...parts,
        async alsoErase(tx, erased) {
          await forgetMemberships(tx, erased);
          await forgetRuns(tx, { ...erased, at: clock.now() });
          await forgetMessages(tx, erased);
        },
      }),
      sequenceRoutes({ sequences: parts.sequences, send: parts.sending }),
      ...composeMailReports(parts.sending),
      unsubscribeRoutes({ send: parts.sending }),
      inAppRoutes({ inApp }),
      replayRoutes(parts),
      identitySecretRoutes({
        ...parts,
        read: (tx, workspaceId) => readIdentitySecret({ ...parts, db: tx }, { workspaceId }),
        rotate: (tx, workspaceId) => rotateIdentitySecret({ ...parts, db: tx }, { workspaceId }),
      }),
      sdkRoutes({ dir: resolve(input.root, config.SDK_DIR) }),
      ...(input.overrides.routes?.(parts) ?? []),
    ],
    options: {
      version: input.version,
      baseUrl: config.BASE_URL === undefined ? null : parts.baseUrl,
      isDemo: config.DEMO,
      secret: parts.secretKey,
      dashboardDir: resolve(input.root, config.DASHBOARD_DIR),
      isBehindProxy: config.TRUST_PROXY,
      isCapturingMail: config.SMTP_URL === undefined,
    },
  });
  return { app, inApp };
}

function actionsOf(parts: Parts): AppActions {
  return {
    replayLedgerEvent: ({ access, seq }) => replayDead(parts, { workspaceId: access.workspaceId, seq }),
    replayDeadLetter: ({ access, id }) =>
      replayDeadLetter(parts, { workspaceId: access.workspaceId, deadLetterId: id }),
    async settingsChanged(tx, { workspaceId, key }) {
      if (key === 'engagement') await requestRescore(parts, { tx, workspaceId });
      if (isRecomputable(key)) await requestRecompute(parts, { tx, workspaceId, what: [key] });
    },
  };
}

/** Who may send product events, and what proves an address that comes with a public key. */
function trackProofs(parts: Parts): Pick<TrackDeps, 'findWriteKey' | 'isEmailProof'> {
  return {
    findWriteKey: (key) => findTrackKey(parts, key),
    isEmailProof: async (proof) =>
      isEmailHash({ ...proof, secret: await readIdentitySecret(parts, { workspaceId: proof.workspaceId }) }),
  };
}

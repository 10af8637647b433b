import type { InAppPayload } from '@growthos/contracts/sequence/content.ts';
import type { OutgoingMail } from '../email/mailer.ts';
import { renderText, type Scope, TemplateError } from '../email/liquid.ts';
import { renderEmail } from '../email/render-email.ts';
import { choosePromotion, type ChosenPromotion } from '../promotion-codes/choose.ts';
import { renderInApp } from '../render-in-app.ts';
import { renderScope } from '../render-scope.ts';
import type { SendDeps } from '../send-deps.ts';
import { type Sender, senderOf } from '../sending-rules.ts';
import type { Queryable } from '#db/db.ts';
import type { LoadedMessage } from './load-facts.ts';

export type RenderedMessage =
  | {
      readonly kind: 'email';
      readonly mail: OutgoingMail;
      readonly promotionCode: string | null;
      readonly note: string | null;
    }
  | { readonly kind: 'in_app'; readonly payload: InAppPayload; readonly expiresMs: number }
  | { readonly kind: 'team_post'; readonly destinationId: string; readonly title: string; readonly body: string }
  | { readonly kind: 'webhook'; readonly endpointId: string; readonly body: string }
  | { readonly kind: 'blocked'; readonly reason: string; readonly sentence: string };

const NO_PROMOTION: ChosenPromotion = { code: null, words: '', url: null, problem: null };

/** Fills the message in. A missing value, broken Liquid or a code that may not be used blocks it, with the reason. */
export async function renderMessage(
  deps: SendDeps,
  input: { db: Queryable; loaded: LoadedMessage },
): Promise<RenderedMessage> {
  try {
    return await render(deps, input);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { kind: 'blocked', reason: error.reason, sentence: `Not sent: ${error.sentence}` };
  }
}

async function render(deps: SendDeps, input: { db: Queryable; loaded: LoadedMessage }): Promise<RenderedMessage> {
  const { loaded } = input;
  const { step, message } = loaded;
  switch (step?.kind) {
    case 'email':
      return renderEmailStep(deps, { ...input, step });
    case 'in_app': {
      const { days = 0, hours = 0, minutes = 0 } = step.expiresAfter;
      const expiresMs = ((days * 24 + hours) * 60 + minutes) * 60_000;
      return {
        kind: 'in_app',
        payload: renderInApp(step.content, scopeOf(deps, { loaded, sender: serverSender(deps, loaded) })),
        expiresMs,
      };
    }
    case 'notify_team':
      return renderTeam(deps, { ...input, step });
    case 'webhook': {
      const body = JSON.stringify({
        type: 'sequence.step',
        timestamp: deps.clock.now().toISOString(),
        data: {
          sequence: loaded.definition?.name ?? null,
          step: step.id,
          contact_id: message.contact_id,
          trigger: loaded.payload,
        },
      });
      return { kind: 'webhook', endpointId: step.endpoint, body };
    }
    default:
      if (message.channel === 'webhook' && message.payload) {
        const { endpoint, event } = message.payload;
        return { kind: 'webhook', endpointId: String(endpoint), body: JSON.stringify(event) };
      }
      return {
        kind: 'blocked',
        reason: 'step_gone',
        sentence: 'Not sent: the step that asked for it is not there any more.',
      };
  }
}

function serverSender(deps: SendDeps, loaded: LoadedMessage): Sender {
  return senderOf(loaded.setup, { as: 'team', serverFrom: deps.serverFrom });
}

export function scopeOf(
  deps: SendDeps,
  input: { loaded: LoadedMessage; sender: Sender; promotion?: ChosenPromotion },
): Scope {
  const { loaded } = input;
  return renderScope({
    contact: loaded.contact,
    payload: loaded.payload,
    setup: loaded.setup,
    sender: input.sender,
    promotion: input.promotion ?? NO_PROMOTION,
    contactUrl: `${deps.baseUrl}/contacts/${loaded.message.contact_id ?? ''}`,
    now: deps.clock.now(),
    zone: loaded.zone,
  });
}

async function renderEmailStep(
  deps: SendDeps,
  input: { db: Queryable; loaded: LoadedMessage; step: Extract<NonNullable<LoadedMessage['step']>, { kind: 'email' }> },
): Promise<RenderedMessage> {
  const { loaded, step } = input;
  const { message, setup } = loaded;
  const promotion = await promotionOf(deps, input);
  if (promotion.problem !== null && step.promotion?.ifInvalid === 'skip') {
    return { kind: 'blocked', reason: 'promotion_code', sentence: `Not sent. ${promotion.problem}` };
  }
  const sender = senderOf(setup, { as: step.sender, serverFrom: deps.serverFrom });
  const unsubscribe = unsubscribeLinks(deps, loaded);
  const rendered = await renderEmail(step.content, {
    scope: scopeOf(deps, { loaded, sender, promotion }),
    footer: {
      unsubscribeUrl: unsubscribe?.oneClick ?? null,
      preferencesUrl: unsubscribe?.oneClick ?? null,
      postalAddress: message.category === 'transactional' ? '' : setup.rules.postalAddress,
      senderName: sender.name,
    },
  });
  const domain = sender.email.split('@').at(-1) ?? 'localhost';
  return {
    kind: 'email',
    promotionCode: promotion.code,
    note: promotion.problem,
    mail: {
      messageId: `<${message.id}@${domain}>`,
      from: { name: sender.name, address: sender.email },
      replyTo: sender.replyTo,
      to: emailOf(loaded),
      subject: rendered.subject,
      text: rendered.text,
      html: rendered.html,
      headers: {
        ...(unsubscribe === null
          ? {}
          : {
              'List-Unsubscribe': `<${unsubscribe.oneClick}>`,
              'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
              'List-ID': `<${message.category}.${domain}>`,
            }),
        // A personal mail is meant to be answered: it must not look like a machine's.
        ...(step.sender === 'founder' ? {} : { 'Auto-Submitted': 'auto-generated' }),
      },
    },
  };
}

function emailOf(loaded: LoadedMessage): string {
  const email = loaded.contact?.['email'];
  return typeof email === 'string' ? email : '';
}

function unsubscribeLinks(deps: SendDeps, loaded: LoadedMessage): { oneClick: string } | null {
  const { message } = loaded;
  if (message.category === 'transactional' || message.contact_id === null) return null;
  const token = deps.tokens.sign({
    workspaceId: message.workspace_id,
    contactId: message.contact_id,
    category: message.category,
    messageId: message.is_test ? null : message.id,
  });
  return { oneClick: `${deps.baseUrl}/unsubscribe/${token}` };
}

async function promotionOf(
  deps: SendDeps,
  input: { db: Queryable; loaded: LoadedMessage; step: Extract<NonNullable<LoadedMessage['step']>, { kind: 'email' }> },
): Promise<ChosenPromotion> {
  const { loaded, step } = input;
  const { contact } = loaded;
  if (!step.promotion || contact === null) return NO_PROMOTION;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return choosePromotion(input.db, {
    choice: step.promotion,
    workspaceId: loaded.message.workspace_id,
    contact: {
      id: contact.id,
      email: text(contact['email']),
      engagementScore: number(contact['engagement_score']),
      plan: text(contact['plan']) ?? text(contact['last_plan']),
      firstPaidAt: contact['first_paid_at'] instanceof Date ? contact['first_paid_at'] : null,
    },
    checkoutUrl: loaded.setup.rules.checkoutUrl,
    now: deps.clock.now(),
  });
}

/** To the founder or another address by mail; to a Slack-compatible webhook as a post. */
async function renderTeam(
  deps: SendDeps,
  input: {
    db: Queryable;
    loaded: LoadedMessage;
    step: Extract<NonNullable<LoadedMessage['step']>, { kind: 'notify_team' }>;
  },
): Promise<RenderedMessage> {
  const { loaded, step } = input;
  const { rules } = loaded.setup;
  const sender = serverSender(deps, loaded);
  const scope = scopeOf(deps, { loaded, sender });
  const title = renderText(step.title, scope).replaceAll(/\s+/g, ' ').trim();
  const body = renderText(step.text, scope).trim();
  const destination =
    step.destination === 'founder' ? null : await findDestination(input.db, { loaded, id: step.destination });
  if (destination?.kind === 'slack') return { kind: 'team_post', destinationId: destination.id, title, body };
  const to =
    destination?.address ??
    (step.destination === 'founder' ? (rules.teamEmail ?? rules.founderEmail ?? sender.email) : null);
  if (to === null) {
    return {
      kind: 'blocked',
      reason: 'no_destination',
      sentence: 'Not sent: the team destination is not there any more.',
    };
  }
  const domain = sender.email.split('@').at(-1) ?? 'localhost';
  return {
    kind: 'email',
    promotionCode: null,
    note: null,
    mail: {
      messageId: `<${loaded.message.id}@${domain}>`,
      from: { name: sender.name, address: sender.email },
      replyTo: null,
      to,
      subject: title,
      text: `${body}\n`,
      html: null,
      headers: { 'Auto-Submitted': 'auto-generated' },
    },
  };
}

async function findDestination(
  db: Queryable,
  input: { loaded: LoadedMessage; id: string },
): Promise<{ id: string; kind: 'email' | 'slack'; address: string | null } | undefined> {
  const rows = await db.query<{ id: string; kind: 'email' | 'slack'; address: string | null }>({
    text: 'select id, kind, address from team_destination where workspace_id = $1 and id::text = $2',
    values: [input.loaded.message.workspace_id, input.id],
  });
  return rows.rows[0];
}

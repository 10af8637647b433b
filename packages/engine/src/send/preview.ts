/**
 * Looking before sending: one step as a contact would get it now, with what would stop it; and a test to an address of
 * one's own. Nothing is stored for a preview; a test counts in no figure and its subject says what it is.
 */
import type { PreviewResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { walkSteps } from '@growthos/contracts/sequence/definition.ts';
import type { Step } from '@growthos/contracts/sequence/step.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { addMs } from '#base/clock.ts';
import { newId } from '#base/ids.ts';
import { json, one } from '#db/db.ts';
import { decide } from './decide.ts';
import { parseTemplate, TemplateError } from './email/liquid.ts';
import { linkProblem } from './email/render-email.ts';
import type { MessageRow } from './message-row.ts';
import { findStep, loadContacts, type LoadedMessage, zoneOfContact } from './outbox/load-facts.ts';
import { renderMessage, type RenderedMessage } from './outbox/render-message.ts';
import { fromText } from './outbox/store-prepared.ts';
import { LEASE_MS } from './outbox/prepare.ts';
import { displayName, type ContactRow } from './render-scope.ts';
import type { SendDeps } from './send-deps.ts';
import { loadSetups } from './sending-rules.ts';

export interface PreviewInput {
  readonly workspaceId: string;
  readonly definition: SequenceDefinition;
  readonly stepId: string;
  /** Null: somebody made up, of whom everything is known. */
  readonly contactId: string | null;
}

/** Somebody of whom everything is known: for a look at a text before anybody has come into the sequence. */
function samplePerson(now: Date): ContactRow {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    timezone: 'Europe/London',
    plan_name: 'Pro',
    tier: 'pro',
    billing_status: 'active',
    mrr_minor: 9900n,
    mrr_currency: 'usd',
    engagement_score: 82,
    trial_end_date: addMs(now, 3 * 86_400_000),
    merged_into: null,
    erased_at: null,
    traits: {},
  };
}

function samplePayload(now: Date): Record<string, unknown> {
  return {
    invoice_id: 'in_sample',
    subscription_id: 'sub_sample',
    amount_minor: 9900,
    currency: 'usd',
    decline_code: 'insufficient_funds',
    hosted_invoice_url: 'https://invoice.stripe.com/i/sample',
    next_payment_attempt: addMs(now, 3 * 86_400_000).toISOString(),
    plan: { name: 'Pro' },
    plan_before: { name: 'Starter' },
    voluntary: true,
    feedback: 'too_expensive',
    date: addMs(now, 3 * 86_400_000).toISOString(),
  };
}

export async function previewStep(deps: SendDeps, input: PreviewInput): Promise<PreviewResult> {
  const loaded = await loadPreview(deps, input);
  const rendered = await renderMessage(deps, { db: deps.db, loaded });
  return resultOf(loaded, rendered);
}

async function loadPreview(deps: SendDeps, input: PreviewInput): Promise<LoadedMessage> {
  const now = deps.clock.now();
  const step = findStep(input.definition.steps, input.stepId);
  if (!step) throw new NotFoundError(`The sequence has no step "${input.stepId}".`);
  const setup = (await loadSetups(deps, [input.workspaceId])).get(input.workspaceId);
  if (!setup) throw new NotFoundError('There is no such workspace.');
  const contact = input.contactId === null ? samplePerson(now) : await findContact(deps, input);
  const message: MessageRow = {
    id: newId(),
    workspace_id: input.workspaceId,
    key: '',
    contact_id: contact.id,
    enrolment_id: null,
    sequence_id: null,
    sequence_version: null,
    step_id: step.id,
    channel: channelOfStep(step),
    category: input.definition.category,
    priority: input.definition.priority,
    status: 'requested',
    requested_at: now,
    attempts: 0,
    payload: null,
    subject: null,
    is_test: true,
  };
  const payload = await latestTrigger(deps, input);
  const zone = zoneOfContact(contact, setup);
  const facts = await contactFacts(deps, { ...input, contact });
  return {
    message,
    setup,
    contact,
    zone,
    definition: input.definition,
    step,
    payload: { ...samplePayload(now), ...payload },
    facts: {
      now,
      channel: message.channel,
      category: message.category,
      requestedAt: now,
      objection: null,
      isDryRun: setup.rules.isDryRun,
      contact: { name: displayName(contact), email: textOf(contact['email']), isGone: false, zone, roles: [] },
      rolesWanted: null,
      suppression: facts.suppression,
      isOptedOut: facts.isOptedOut,
      quietHours: null,
      cap: { isExempt: true, limit: 1, windowMs: 1, sentAt: [] },
    },
  };
}

async function findContact(deps: SendDeps, input: PreviewInput): Promise<ContactRow> {
  const contact = (await loadContacts(deps.db, [input.contactId ?? ''])).get(input.contactId ?? '');
  if (!contact || contact['workspace_id'] !== input.workspaceId) throw new NotFoundError('There is no such contact.');
  return contact;
}

/** The last real event of that kind of the contact, so that a preview shows their amounts, not ours. */
async function latestTrigger(deps: SendDeps, input: PreviewInput): Promise<Record<string, unknown>> {
  const { trigger } = input.definition;
  if (input.contactId === null || trigger.kind !== 'event') return {};
  const row = await one<{ data: Record<string, unknown> }>(deps.db, {
    text: 'select data from bus_event where contact_id = $1 and workspace_id = $2 and type = $3 order by time desc limit 1',
    values: [input.contactId, input.workspaceId, trigger.type],
  });
  return row?.data ?? {};
}

async function contactFacts(
  deps: SendDeps,
  input: PreviewInput & { contact: ContactRow },
): Promise<{ suppression: { reason: string } | null; isOptedOut: boolean }> {
  const suppression = await one<{ reason: string }>(deps.db, {
    text: 'select reason from suppression where workspace_id = $1 and address = lower($2)',
    values: [input.workspaceId, textOf(input.contact['email']) ?? ''],
  });
  const optOut = await one(deps.db, {
    text: 'select 1 from consent where contact_id = $1 and category = $2 and is_opted_out',
    values: [input.contact.id, input.definition.category],
  });
  return { suppression: suppression ?? null, isOptedOut: optOut !== undefined };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function channelOfStep(step: Step): MessageRow['channel'] {
  if (step.kind === 'email' || step.kind === 'in_app' || step.kind === 'webhook') return step.kind;
  if (step.kind === 'notify_team') return 'team';
  throw new InvalidInputError(`The step "${step.id}" sends nothing.`, { field: 'stepId' });
}

function resultOf(loaded: LoadedMessage, rendered: RenderedMessage): PreviewResult {
  const decision = decide(loaded.facts);
  const blockedBy = decision.kind === 'send' ? [] : [decision.sentence];
  if (rendered.kind === 'blocked') blockedBy.push(rendered.sentence);
  const { message, contact } = loaded;
  const isSample = contact?.id.startsWith('00000000') ?? true;
  const base: PreviewResult = {
    channel: message.channel,
    contact:
      contact === null || isSample
        ? null
        : { id: contact.id, name: displayName(contact), email: textOf(contact['email']) },
    subject: null,
    html: null,
    text: null,
    inApp: null,
    from: null,
    to: null,
    blockedBy,
    promotion: null,
    links: [],
  };
  switch (rendered.kind) {
    case 'email': {
      const { mail, promotionCode, note } = rendered;
      const urls = [...new Set([...mail.text.matchAll(/https?:\/\/[^\s)]+/g)].map((match) => match[0]))];
      return {
        ...base,
        subject: mail.subject,
        html: mail.html,
        text: mail.text,
        from: fromText(mail.from),
        to: mail.to,
        promotion:
          promotionCode === null && note === null
            ? null
            : { code: promotionCode, sentence: note ?? `With the code ${promotionCode}.` },
        links: urls.map((url) => ({ url, isFine: linkProblem(url) === null, problem: linkProblem(url) })),
      };
    }
    case 'in_app':
      return { ...base, subject: rendered.payload.title, inApp: rendered.payload };
    case 'team_post':
      return { ...base, subject: rendered.title, text: rendered.body };
    case 'webhook':
      return { ...base, text: rendered.body };
    case 'blocked':
      return base;
  }
}

/** A test to an address: the same rendering, "[Test] " in front, in no figure and no timeline. */
export async function sendTest(
  deps: SendDeps,
  input: PreviewInput & { to: string },
): Promise<{ messageId: string; isCaptured: boolean }> {
  const loaded = await loadPreview(deps, input);
  const rendered = await renderMessage(deps, { db: deps.db, loaded });
  if (rendered.kind === 'blocked') throw new InvalidInputError(rendered.sentence);
  if (rendered.kind !== 'email')
    throw new InvalidInputError('Only e-mails can be sent as a test; look at the preview instead.');
  const mail = { ...rendered.mail, to: input.to, subject: `[Test] ${rendered.mail.subject}` };
  const isCaptured = deps.mailer.kind === 'captured';
  if (!isCaptured) {
    const outcome = await deps.mailer.send(mail, async () => true);
    if (outcome.kind !== 'accepted') {
      throw new InvalidInputError(
        `The mail server did not take the test: ${'response' in outcome ? outcome.response : outcome.kind}`,
      );
    }
  }
  await storeTest(deps, { loaded, mail, isCaptured });
  return { messageId: loaded.message.id, isCaptured };
}

async function storeTest(
  deps: SendDeps,
  input: { loaded: LoadedMessage; mail: Extract<RenderedMessage, { kind: 'email' }>['mail']; isCaptured: boolean },
): Promise<void> {
  const { message, contact } = input.loaded;
  const { mail } = input;
  const now = deps.clock.now();
  const contactId = contact?.id.startsWith('00000000') ? null : (contact?.id ?? null);
  const headers = json({ ...mail.headers, 'Message-ID': mail.messageId });
  await deps.db.transaction(async (tx) => {
    await tx.query({
      text: `insert into message (id, workspace_id, key, contact_id, step_id, channel, category, status, requested_at, not_before,
               sent_at, ended_at, lease_until, to_address, from_address, subject, html, body_text, headers, is_test)
             values ($1, $2, $3, $4, $5, $6, $7, 'sent', $8, $8, $8, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, true)`,
      values: [
        message.id,
        message.workspace_id,
        `test:${message.id}`,
        contactId,
        message.step_id,
        message.channel,
        message.category,
        now,
        addMs(now, LEASE_MS),
        mail.to,
        fromText(mail.from),
        mail.subject,
        mail.html,
        mail.text,
        headers,
      ],
    });
    if (!input.isCaptured) return;
    await tx.query({
      text: `insert into captured_email (message_id, workspace_id, contact_id, captured_at, from_address, reply_to, to_address,
               subject, html, body_text, headers, is_test) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, true)`,
      values: [
        message.id,
        message.workspace_id,
        contactId,
        now,
        fromText(mail.from),
        mail.replyTo,
        mail.to,
        mail.subject,
        mail.html,
        mail.text,
        headers,
      ],
    });
  });
}

/** Every Liquid text of a definition, parsed: what is wrong, as sentences that name the step. Asked before it is saved. */
export function checkTexts(definition: SequenceDefinition): string[] {
  const problems: string[] = [];
  for (const { step } of walkSteps(definition.steps)) {
    for (const text of textsOf(step)) {
      try {
        parseTemplate(text);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        problems.push(`In the step "${step.name ?? step.id}": ${error.sentence}`);
      }
    }
  }
  return problems;
}

function textsOf(step: Step): string[] {
  if (step.kind === 'notify_team') return [step.title, step.text];
  if (step.kind === 'in_app') {
    const { title, body, cta } = step.content;
    return [title, body, ...(cta ? [cta.label, cta.url] : [])];
  }
  if (step.kind !== 'email') return [];
  const { content } = step;
  if (content.format === 'plain') return [content.subject, content.text];
  const blocks = content.blocks.flatMap((block) => {
    if (block.kind === 'button') return [block.label, block.url];
    if (block.kind === 'code') return [block.label, block.code];
    return block.kind === 'divider' ? [] : [block.text];
  });
  return [content.subject, content.preheader ?? '', ...blocks];
}

/**
 * Looking before sending: one step as a contact would get it now, with what would stop it. Nothing is stored.
 */
import type { PreviewResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { Step } from '@growthos/contracts/sequence/step.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { newId } from '#base/ids.ts';
import { one } from '#db/db.ts';
import { decide } from '../decide.ts';
import { linkProblem } from '../email/render-email.ts';
import type { MessageRow } from '../message-row.ts';
import { findStep, loadContacts, type LoadedMessage, zoneOfContact } from '../outbox/load-facts.ts';
import { renderMessage, type RenderedMessage } from '../outbox/render-message.ts';
import { fromText } from '../outbox/store-prepared.ts';
import { displayName, type ContactRow } from '../render-scope.ts';
import type { SendDeps } from '../send-deps.ts';
import { loadSetups } from '../sending-rules.ts';
import { samplePayload, samplePerson } from './sample.ts';

export interface PreviewInput {
  readonly workspaceId: string;
  readonly definition: SequenceDefinition;
  readonly stepId: string;
  /** Null: somebody made up, of whom everything is known. */
  readonly contactId: string | null;
}

export async function previewStep(deps: SendDeps, input: PreviewInput): Promise<PreviewResult> {
  const loaded = await loadPreview(deps, input);
  const rendered = await renderMessage(deps, { db: deps.db, loaded });
  return resultOf(loaded, rendered);
}

/** What sending would be given, made up for this look. */
export async function loadPreview(deps: SendDeps, input: PreviewInput): Promise<LoadedMessage> {
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

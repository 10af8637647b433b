/**
 * The second half of sending: hands a leased message to its channel and stores what came of it, at once. Mail is marked
 * as handed over just before its last byte, in a statement that also asks whether it may still go: a payment that comes
 * in while the server is being talked to still stops it. Between that mark and the stored answer lies the one window in
 * which a crash leaves the fate unknown; such a message becomes `uncertain` and is never repeated by itself.
 */
import { addMs, durationMs } from '#base/clock.ts';
import { noCrashes } from '#base/crash-points.ts';
import { backoffMs } from '#base/retry.ts';
import { one, many, type Tx } from '#db/db.ts';
import type { MailOutcome, OutgoingMail } from '../email/mailer.ts';
import { messageEvent } from '../message-events.ts';
import type { MessageRow } from '../message-row.ts';
import type { SendDeps } from '../send-deps.ts';
import { slackBody } from '../team/slack-body.ts';
import type { PostOutcome } from '../webhooks/post-json.ts';
import { signedHeaders } from '../webhooks/sign.ts';
import { isEndpointDelivery, type Prepared } from './prepared.ts';
import type { RenderedMessage } from './render-message.ts';

const BACKOFF = { firstMs: 60_000, maxMs: 3_600_000 };
/** A message that no channel took for so long is given up, and says so. */
const GIVE_UP_AFTER_MS = durationMs({ days: 3 });

type Result =
  | { readonly kind: 'sent'; readonly response: string }
  | { readonly kind: 'later'; readonly reason: string; readonly sentence: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly sentence: string; readonly badAddress?: string }
  | { readonly kind: 'uncertain'; readonly sentence: string }
  /** Withdrawn meanwhile: its row says so already. */
  | { readonly kind: 'called_off' };

/** Hands one over. Returns whether its channel is down, so that the rest of the batch is not tried in vain. */
export async function deliver(
  deps: SendDeps,
  input: { prepared: Prepared; isMailDown: boolean },
): Promise<{ isMailDown: boolean }> {
  const { prepared } = input;
  if (prepared.outcome.kind !== 'go') return { isMailDown: input.isMailDown };
  const { rendered } = prepared.outcome;
  if (rendered.kind === 'email') {
    const outcome: MailOutcome = input.isMailDown
      ? { kind: 'later', isServerDown: true, response: 'the mail server did not answer' }
      : await sendMail(deps, { messageId: prepared.loaded.message.id, mail: rendered.mail });
    (deps.crashes ?? noCrashes).reach('send.deliver.before-mark');
    await store(deps, { prepared, result: mailResult(outcome, rendered.mail) });
    return { isMailDown: outcome.kind === 'later' && outcome.isServerDown };
  }
  await store(deps, { prepared, result: await post(deps, { prepared, rendered }) });
  return { isMailDown: input.isMailDown };
}

function sendMail(deps: SendDeps, input: { messageId: string; mail: OutgoingMail }): Promise<MailOutcome> {
  return deps.mailer.send(input.mail, async () => {
    const rows = await many(deps.db, {
      name: 'send_hand_over',
      text: `update message set handed_over_at = $2 where id = $1 and status = 'sending' and handed_over_at is null returning 1`,
      values: [input.messageId, deps.clock.now()],
    });
    (deps.crashes ?? noCrashes).reach('send.deliver.handed-over');
    return rows.length === 1;
  });
}

function mailResult(outcome: MailOutcome, mail: OutgoingMail): Result {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'sent', response: outcome.response };
    case 'later':
      return { kind: 'later', reason: 'mail_server', sentence: `The mail server did not take it: ${outcome.response}` };
    case 'refused':
      return {
        kind: 'failed',
        reason: outcome.isAddressBad ? 'hard_bounce' : 'refused',
        sentence: `The mail server refused it: ${outcome.response}`,
        ...(outcome.isAddressBad ? { badAddress: mail.to } : {}),
      };
    case 'unknown':
      return { kind: 'uncertain', sentence: UNCERTAIN };
    case 'called_off':
      return { kind: 'called_off' };
  }
}

export const UNCERTAIN =
  'Nobody knows whether the mail server took it: the connection broke before it answered. It is not sent again by itself.';

async function post(
  deps: SendDeps,
  input: {
    prepared: Prepared;
    rendered: Exclude<RenderedMessage, { kind: 'email' | 'in_app' | 'blocked' }> | RenderedMessage;
  },
): Promise<Result> {
  const { message } = input.prepared.loaded;
  const { rendered } = input;
  if (rendered.kind === 'team_post') {
    const row = await one<{ sealed_url: string }>(deps.db, {
      text: 'select sealed_url from team_destination where id = $1 and workspace_id = $2',
      values: [rendered.destinationId, message.workspace_id],
    });
    if (!row)
      return { kind: 'failed', reason: 'no_destination', sentence: 'The team destination is not there any more.' };
    const body = slackBody({ title: rendered.title, text: rendered.body });
    return postResult(await deps.postJson({ url: deps.secrets.open(row.sealed_url), body, headers: {} }));
  }
  if (rendered.kind !== 'webhook')
    return { kind: 'failed', reason: 'no_channel', sentence: 'There is no such channel.' };
  const endpoint = await one<{ url: string; sealed_secret: string }>(deps.db, {
    text: `select url, sealed_secret from webhook_endpoint where id::text = $1 and workspace_id = $2 and status = 'active'`,
    values: [rendered.endpointId, message.workspace_id],
  });
  if (!endpoint)
    return {
      kind: 'failed',
      reason: 'no_endpoint',
      sentence: 'The webhook is not there any more, or is switched off.',
    };
  const secret = deps.secrets.open(endpoint.sealed_secret);
  const headers = signedHeaders({ secret, messageId: message.id, body: rendered.body, now: deps.clock.now() });
  return postResult(await deps.postJson({ url: endpoint.url, body: rendered.body, headers }));
}

function postResult(outcome: PostOutcome): Result {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'sent', response: `HTTP ${outcome.status}` };
    case 'forbidden':
      return { kind: 'failed', reason: 'forbidden_address', sentence: `It was not called: ${outcome.reason}.` };
    case 'unreachable':
      return { kind: 'later', reason: 'unreachable', sentence: `It did not answer: ${outcome.reason}.` };
    case 'refused':
      // 410 is the receiver's way to say "never again" (Standard Webhooks).
      return outcome.status === 410
        ? { kind: 'failed', reason: 'gone', sentence: 'The receiver says that it is gone for good (410).' }
        : { kind: 'later', reason: 'refused', sentence: `The receiver answered ${outcome.status}.` };
  }
}

async function store(deps: SendDeps, input: { prepared: Prepared; result: Result }): Promise<void> {
  const { prepared, result } = input;
  if (result.kind === 'called_off') return;
  const { message } = prepared.loaded;
  await deps.db.transaction(async (tx) => {
    const now = deps.clock.now();
    if (result.kind === 'sent') {
      await mark(tx, { message, status: 'sent', now, response: result.response });
      tell(deps, { tx, prepared, type: 'message_sent', data: {}, once: 'sent' });
      return;
    }
    if (result.kind === 'uncertain') {
      await mark(tx, { message, status: 'uncertain', now, reason: 'outcome_unknown', sentence: result.sentence });
      tell(deps, {
        tx,
        prepared,
        type: 'message_failed',
        data: { reason: 'outcome_unknown', will_retry: false },
        once: null,
      });
      return;
    }
    const isGivenUp = result.kind === 'later' && now.getTime() - message.requested_at.getTime() > GIVE_UP_AFTER_MS;
    if (result.kind === 'failed' || isGivenUp) {
      await mark(tx, { message, status: 'failed', now, reason: result.reason, sentence: result.sentence });
      if (result.kind === 'failed' && result.badAddress !== undefined)
        await suppress(tx, { message, address: result.badAddress, now, sentence: result.sentence });
      tell(deps, {
        tx,
        prepared,
        type: 'message_failed',
        data: { reason: result.reason, will_retry: false },
        once: null,
      });
      return;
    }
    const notBefore = addMs(now, backoffMs(message.attempts + 1, BACKOFF));
    await mark(tx, { message, status: 'requested', now, reason: result.reason, sentence: result.sentence, notBefore });
    if (message.attempts === 0) {
      tell(deps, {
        tx,
        prepared,
        type: 'message_failed',
        data: { reason: result.reason, will_retry: true },
        once: null,
      });
    }
  });
}

export async function mark(
  tx: Tx,
  input: {
    message: Pick<MessageRow, 'id'>;
    status: 'sent' | 'failed' | 'uncertain' | 'requested';
    now: Date;
    reason?: string;
    sentence?: string;
    response?: string;
    notBefore?: Date;
  },
): Promise<void> {
  const isEnd = input.status !== 'requested';
  await tx.query({
    name: 'send_mark',
    text: `update message set status = $2, lease_until = null, reason = coalesce($4, reason),
             reason_sentence = coalesce($5, reason_sentence), provider_response = coalesce($6, provider_response),
             sent_at = case when $2 = 'sent' then $3 else sent_at end, ended_at = case when $7 then $3::timestamptz end,
             not_before = coalesce($8, not_before), handed_over_at = case when $7 then handed_over_at end
           where id = $1 and (status = 'sending' or (status = 'uncertain' and $2 = 'sent'))`,
    values: [
      input.message.id,
      input.status,
      input.now,
      input.reason ?? null,
      input.sentence ?? null,
      input.response ?? null,
      isEnd,
      input.notBefore ?? null,
    ],
  });
}

async function suppress(
  tx: Tx,
  input: { message: MessageRow; address: string; now: Date; sentence: string },
): Promise<void> {
  await tx.query({
    text: `insert into suppression (workspace_id, address, reason, detail, message_id, suppressed_at)
           values ($1, lower($2), 'hard_bounce', $3, $4, $5) on conflict do nothing`,
    values: [input.message.workspace_id, input.address, input.sentence, input.message.id, input.now],
  });
}

function tell(
  deps: SendDeps,
  input: { tx: Tx; prepared: Prepared; type: string; data: Record<string, unknown>; once: string | null },
): void {
  const { message } = input.prepared.loaded;
  if (message.is_test || isEndpointDelivery(input.prepared)) return;
  const { type, data, once } = input;
  const title = titleOf(input.prepared) ?? message.subject;
  deps.publisher.publish(input.tx, [messageEvent(message, { type, time: deps.clock.now(), title, data, once })]);
}

function titleOf(prepared: Prepared): string | null {
  if (prepared.outcome.kind !== 'go') return null;
  const { rendered } = prepared.outcome;
  if (rendered.kind === 'email') return rendered.mail.subject;
  return rendered.kind === 'team_post' ? rendered.title : null;
}

import { addMs } from '#base/clock.ts';
import type { NewBusEvent } from '#bus/index.ts';
import { json, type Tx } from '#db/db.ts';
import { messageEvent } from '../message-events.ts';
import type { SendDeps } from '../send-deps.ts';
import type { RenderedMessage } from './render-message.ts';
import { isEndpointDelivery, isLeased, type Prepared } from './prepared.ts';

interface Stored {
  readonly id: string;
  readonly status: 'requested' | 'skipped' | 'sending' | 'ready' | 'sent';
  readonly reason: string | null;
  readonly sentence: string | null;
  readonly notBefore: Date;
  readonly to: string | null;
  readonly from: string | null;
  readonly subject: string | null;
  readonly html: string | null;
  readonly text: string | null;
  readonly headers: string | null;
  readonly payload: string | null;
  readonly promotionCode: string | null;
  readonly expiresAt: Date | null;
}

/** Writes a batch's outcomes in one statement, with the captured mail and the events in the same transaction. */
export async function storePrepared(
  deps: SendDeps,
  input: { tx: Tx; prepared: readonly Prepared[]; leaseUntil: Date },
): Promise<void> {
  const now = deps.clock.now();
  const rows = input.prepared.map((one) => storedOf(deps, { prepared: one, now }));
  await input.tx.query({
    name: 'send_store',
    text: `update message m set status = u.status, reason = u.reason, reason_sentence = u.sentence, not_before = u.not_before,
             to_address = u.to_address, from_address = u.from_address, subject = coalesce(u.subject, m.subject),
             html = u.html, body_text = u.body_text, headers = u.headers::jsonb,
             payload = coalesce(u.payload::jsonb, m.payload), promotion_code = u.promotion_code, expires_at = u.expires_at,
             lease_until = case when u.status = 'sending' then $15::timestamptz end, handed_over_at = null,
             attempts = m.attempts + case when u.status in ('requested', 'skipped') then 0 else 1 end,
             sent_at = case when u.status in ('sent', 'ready') then $16::timestamptz end,
             ended_at = case when u.status in ('sent', 'skipped') then $16::timestamptz end
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[])
             as u (id, status, reason, sentence, not_before, to_address, from_address, subject, html, body_text, headers,
               payload, promotion_code, expires_at)
           where m.id = u.id`,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.status),
      rows.map((row) => row.reason),
      rows.map((row) => row.sentence),
      rows.map((row) => row.notBefore.toISOString()),
      rows.map((row) => row.to),
      rows.map((row) => row.from),
      rows.map((row) => row.subject),
      rows.map((row) => row.html),
      rows.map((row) => row.text),
      rows.map((row) => row.headers),
      rows.map((row) => row.payload),
      rows.map((row) => row.promotionCode),
      rows.map((row) => row.expiresAt?.toISOString() ?? null),
      input.leaseUntil,
      now,
    ],
  });
  await capture(input.tx, { prepared: input.prepared, rows, now });
  deps.publisher.publish(
    input.tx,
    input.prepared.flatMap((one, index) => eventOf(one, { row: rows[index], now })),
  );
}

function storedOf(deps: SendDeps, input: { prepared: Prepared; now: Date }): Stored {
  const { prepared, now } = input;
  const { message } = prepared.loaded;
  const empty: Stored = {
    id: message.id,
    status: 'skipped',
    reason: null,
    sentence: null,
    notBefore: now,
    to: null,
    from: null,
    subject: null,
    html: null,
    text: null,
    headers: null,
    payload: null,
    promotionCode: null,
    expiresAt: null,
  };
  const { outcome } = prepared;
  if (outcome.kind === 'skip') return { ...empty, reason: outcome.reason, sentence: outcome.sentence };
  if (outcome.kind === 'hold') {
    return {
      ...empty,
      status: 'requested',
      reason: outcome.reason,
      sentence: outcome.sentence,
      notBefore: outcome.until,
    };
  }
  return {
    ...empty,
    ...contentOf(outcome.rendered, now),
    status: isLeased(deps, prepared) ? 'sending' : outcome.rendered.kind === 'in_app' ? 'ready' : 'sent',
  };
}

function contentOf(rendered: RenderedMessage, now: Date): Partial<Stored> {
  switch (rendered.kind) {
    case 'email':
      return {
        to: rendered.mail.to,
        from: fromText(rendered.mail.from),
        subject: rendered.mail.subject,
        html: rendered.mail.html,
        text: rendered.mail.text,
        headers: json({
          ...rendered.mail.headers,
          'Message-ID': rendered.mail.messageId,
          'Reply-To': rendered.mail.replyTo ?? undefined,
        }),
        promotionCode: rendered.promotionCode,
        sentence: rendered.note,
        reason: rendered.note === null ? null : 'promotion_code',
      };
    case 'in_app':
      return {
        subject: rendered.payload.title,
        payload: json(rendered.payload),
        expiresAt: addMs(now, rendered.expiresMs),
      };
    case 'team_post':
      return { subject: rendered.title, text: rendered.body };
    case 'webhook':
      return { payload: rendered.body };
    case 'blocked':
      return {};
  }
}

export function fromText(from: { name: string; address: string }): string {
  return from.name === '' ? from.address : `${from.name} <${from.address}>`;
}

async function capture(
  tx: Tx,
  input: { prepared: readonly Prepared[]; rows: readonly Stored[]; now: Date },
): Promise<void> {
  const mails = input.prepared.flatMap((one, index) => {
    const isCaptured = input.rows[index]?.status === 'sent';
    return isCaptured && one.outcome.kind === 'go' && one.outcome.rendered.kind === 'email'
      ? [{ message: one.loaded.message, mail: one.outcome.rendered.mail }]
      : [];
  });
  if (mails.length === 0) return;
  await tx.query({
    name: 'send_capture',
    text: `insert into captured_email (message_id, workspace_id, contact_id, captured_at, from_address, reply_to, to_address,
             subject, html, body_text, headers, is_test)
           select u.id, u.workspace_id, u.contact_id, $12, u.from_address, u.reply_to, u.to_address, u.subject, u.html,
             u.body_text, u.headers::jsonb, u.is_test
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::text[], $11::bool[]) as u (id, workspace_id, contact_id, from_address, reply_to, to_address,
             subject, html, body_text, headers, is_test)
           on conflict do nothing`,
    values: [
      mails.map(({ message }) => message.id),
      mails.map(({ message }) => message.workspace_id),
      mails.map(({ message }) => message.contact_id),
      mails.map(({ mail }) => fromText(mail.from)),
      mails.map(({ mail }) => mail.replyTo),
      mails.map(({ mail }) => mail.to),
      mails.map(({ mail }) => mail.subject),
      mails.map(({ mail }) => mail.html),
      mails.map(({ mail }) => mail.text),
      mails.map(({ mail }) => json({ ...mail.headers, 'Message-ID': mail.messageId })),
      mails.map(({ message }) => message.is_test),
      input.now,
    ],
  });
}

function eventOf(prepared: Prepared, input: { row: Stored | undefined; now: Date }): NewBusEvent[] {
  const { message } = prepared.loaded;
  const { row, now } = input;
  if (!row || message.is_test) return [];
  const title = row.subject ?? message.subject;
  if (row.status === 'skipped') {
    const data = { reason: row.reason, sentence: row.sentence };
    return [messageEvent(message, { type: 'message_skipped', time: now, title, data, once: 'skipped' })];
  }
  const isSent = row.status === 'sent' || row.status === 'ready';
  return isSent && !isEndpointDelivery(prepared)
    ? [messageEvent(message, { type: 'message_sent', time: now, title, once: 'sent' })]
    : [];
}

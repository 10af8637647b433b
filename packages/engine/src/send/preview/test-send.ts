import { addMs } from '#base/clock.ts';
import { InvalidInputError } from '#base/errors.ts';
import { json } from '#db/db.ts';
import type { LoadedMessage } from '../outbox/load-facts.ts';
import { LEASE_MS } from '../outbox/prepare.ts';
import { renderMessage, type RenderedMessage } from '../outbox/render-message.ts';
import { fromText } from '../outbox/store-prepared.ts';
import type { SendDeps } from '../send-deps.ts';
import { loadPreview, type PreviewInput } from './preview.ts';

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

/**
 * Reports as mail, as mail servers and feedback loops send them: `multipart/report` with a delivery status (RFC 3464) or a
 * complaint (ARF, RFC 5965). The mail that it speaks of is found by the headers that it returns, by the address that the
 * report was sent to (with a bounce address).
 */
import { type Attachment, type ParsedMail, simpleParser } from 'mailparser';
import { InvalidInputError } from '#base/errors.ts';
import { fieldGroups, headerFields, type HeaderFields } from '../header-fields.ts';
import { MESSAGE_HEADER, messageOfReturnPath, messageRef } from '../message-ref.ts';
import type { ReportProvider } from '../provider.ts';
import { detailOf, isForGood, NOTHING, type ReadReports, type ReportKind } from '../report.ts';

const STATUS = /^message\/(global-)?delivery-status$/;
const RETURNED = /^(message\/(rfc822|global)(-headers)?|text\/rfc822-headers)$/;
const FEEDBACK = 'message/feedback-report';

/** Kinds of feedback that are no complaint. Source: RFC 5965, section 7.3; RFC 6591, section 3.1. */
const NO_COMPLAINT = new Set(['not-spam', 'auth-failure']);

export const mime: ReportProvider = {
  name: 'Your mail server',
  signing: 'none',
  async read({ rawBody }) {
    const mail = await parse(rawBody);
    const feedback = partOf(mail, (type) => type === FEEDBACK);
    if (feedback !== null) return readFeedback(mail, headerFields(feedback));
    const status = partOf(mail, (type) => STATUS.test(type));
    if (status !== null) return readStatus(mail, fieldGroups(status));
    throw new InvalidInputError(
      'content-type: this mail is no report. It needs a part message/delivery-status (RFC 3464) or message/feedback-report (RFC 5965).',
      { field: 'content-type' },
    );
  },
};

/** `keepDeliveryStatus`: else the status would be glued to the text for people. The types of the package lack it. */
async function parse(rawBody: Buffer): Promise<ParsedMail> {
  const options = { keepDeliveryStatus: true, skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true };
  try {
    return await simpleParser(rawBody, options);
  } catch (error) {
    throw new InvalidInputError('body: this is no mail', { field: 'body', cause: error });
  }
}

function partOf(mail: ParsedMail, isWanted: (type: string) => boolean): string | null {
  const part = mail.attachments.find(({ contentType }) => isWanted(contentType.toLowerCase()));
  return part === undefined ? null : textOf(part);
}

function textOf(part: Attachment): string {
  return part.content.toString('utf8');
}

/** The mail's own group, then one per recipient. Our mails have one recipient; the worst that is said counts. */
function readStatus(mail: ParsedMail, groups: readonly HeaderFields[]): ReadReports {
  const recipients = groups.filter((group) => group.has('action') || group.has('status'));
  if (recipients.length === 0) {
    throw new InvalidInputError('Action: the delivery status names no recipient', { field: 'Action' });
  }
  const told = recipients
    .map((group) => ({ kind: kindOf(group), group }))
    .sort((left, right) => RANK[left.kind ?? 'none'] - RANK[right.kind ?? 'none'])[0];
  if (told === undefined || told.kind === null) return NOTHING;
  const detail = detailOf(saying(told.group.get('diagnostic-code')), told.group.get('status'));
  return { reports: [{ messageId: messageIdOf(mail, groups), kind: told.kind, detail }], ignored: 0 };
}

const RANK = { hard_bounce: 0, soft_bounce: 1, complaint: 2, none: 3 } as const;

/** Null: it arrived ("delivered", "relayed", "expanded"). */
function kindOf(group: HeaderFields): ReportKind | null {
  const action = (group.get('action') ?? 'failed').toLowerCase();
  const status = /\d\.\d{1,3}\.\d{1,3}/.exec(group.get('status') ?? '')?.[0] ?? '';
  if (action === 'delayed') return 'soft_bounce';
  if (action !== 'failed') return null;
  return isForGood(status) ? 'hard_bounce' : 'soft_bounce';
}

/** `smtp; 550 5.1.1 User unknown` without the kind in front. */
function saying(diagnostic: string | undefined): string | undefined {
  return diagnostic?.replace(/^[\w-]+\s*;\s*/, '');
}

function readFeedback(mail: ParsedMail, fields: HeaderFields): ReadReports {
  const type = fields.get('feedback-type')?.toLowerCase();
  if (type === undefined) {
    throw new InvalidInputError('Feedback-Type: missing in the complaint', { field: 'Feedback-Type' });
  }
  if (NO_COMPLAINT.has(type)) return NOTHING;
  const messageId = messageIdOf(mail, [fields]);
  return { reports: [{ messageId, kind: 'complaint', detail: detailOf(`${type} report`) }], ignored: 0 };
}

/** Our header before the Message-ID: a relay may have written a Message-ID of its own. */
function messageIdOf(mail: ParsedMail, groups: readonly HeaderFields[]): string | null {
  const returned = mail.attachments
    .filter(({ contentType }) => RETURNED.test(contentType.toLowerCase()))
    .map((part) => headerFields(textOf(part)));
  const named = messageRef(
    ...returned.map((fields) => fields.get(MESSAGE_HEADER.toLowerCase())),
    ...returned.map((fields) => fields.get('message-id')),
  );
  if (named !== null) return named;
  const sentTo = [...addressesOf(mail), ...groups.map((fields) => fields.get('original-mail-from') ?? '')];
  return sentTo.map(messageOfReturnPath).find((found) => found !== null) ?? null;
}

/** Where the report went: the return path that the mail was sent under. */
function addressesOf(mail: ParsedMail): string[] {
  return ['to', 'delivered-to', 'x-original-to', 'envelope-to'].flatMap((name) => {
    const line = mail.headerLines.find(({ key }) => key === name)?.line;
    return line === undefined ? [] : [line];
  });
}

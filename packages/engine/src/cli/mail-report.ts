/**
 * `growthos mail-report < report.eml`: hands a report (a bounce, or a complaint, as mail) to a running server. Made for a
 * mail server's pipe, so the exit codes are those of sysexits.h: 0 taken, also where the message is not of ours; 65 this is
 * no report; 75 try again later; 78 the address is not right.
 */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { ErrorBody } from '@growthos/contracts/http/error-body.ts';
import { ReceivedReports } from '@growthos/contracts/http/mail-reports.ts';
import { defineCommand, runMain } from 'citty';
import { messageOf } from '#base/errors.ts';

const EX_OK = 0;
const EX_DATAERR = 65;
const EX_TEMPFAIL = 75;
const EX_CONFIG = 78;
/** A mail server waits this long at most; milliseconds. */
const TIMEOUT_MS = 30_000;

export const mailReportCommand = defineCommand({
  meta: { name: 'mail-report', description: 'Hand in a bounce or a complaint, as mail on standard input' },
  args: {
    'address-file': {
      type: 'string',
      description: 'File that holds the address of Settings, Sending, “Your mail server”',
      required: true,
    },
  },
  async run({ args }) {
    const { code, text } = await handIn({ addressFile: args['address-file'], mail: process.stdin });
    (code === EX_OK ? process.stdout : process.stderr).write(`${text}\n`);
    process.exitCode = code;
  },
});

/** Returns the exit code and one line about what came of it. */
export async function handIn(input: {
  addressFile: string;
  mail: AsyncIterable<Uint8Array>;
}): Promise<{ code: number; text: string }> {
  let url: string;
  try {
    url = readFileSync(input.addressFile, 'utf8').trim();
  } catch (error) {
    return { code: EX_CONFIG, text: messageOf(error) };
  }
  if (!URL.canParse(url)) return { code: EX_CONFIG, text: `${input.addressFile} holds no address.` };
  const body = await buffer(input.mail);
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'message/rfc822' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    return { code: EX_TEMPFAIL, text: `The server does not answer: ${messageOf(error)}` };
  }
  return resultOf(answer.status, await answer.json().catch(() => null));
}

function resultOf(status: number, body: unknown): { code: number; text: string } {
  const received = ReceivedReports.safeParse(body);
  if (status === 200 && received.success) return { code: EX_OK, text: sentenceOf(received.data) };
  const error = ErrorBody.safeParse(body);
  const text = error.success ? error.data.error.message : `The server answered ${status}.`;
  if (status === 400 || status === 413) return { code: EX_DATAERR, text };
  return { code: status === 404 ? EX_CONFIG : EX_TEMPFAIL, text };
}

function sentenceOf(received: ReceivedReports): string {
  if (received.recorded > 0) return 'Recorded: the address gets no more mail.';
  if (received.noted > 0) return 'Noted: it came back for now, so nothing is blocked.';
  if (received.known > 0) return 'Known already.';
  if (received.unknown_message > 0) return 'The message that it speaks of was not sent from here.';
  return 'Nothing in it changes anything.';
}

if (import.meta.url === `file://${process.argv[1] ?? ''}`) await runMain(mailReportCommand);

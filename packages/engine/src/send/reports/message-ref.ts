/**
 * How a report names our message. Every mail carries its id in three places, because each of them is lost on some way:
 * the Message-ID (some providers write their own), a header of ours, and what the provider itself gives back
 * (`provider-headers.ts` puts it in). With a bounce address the envelope sender names it too.
 */
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const MESSAGE_ID = new RegExp(`^<?(${UUID})(?:@[^\\s>]*)?>?$`, 'i');
const RETURN_PATH = new RegExp(`\\+(${UUID})@`, 'i');

/** Our header. Mail servers and providers that return the headers of a mail return it as well. */
export const MESSAGE_HEADER = 'X-GrowthOS-Message';
/** The same as a key of providers' metadata, which want small letters: at most 20 for Postmark. */
export const METADATA_KEY = 'growthos-message';
/** Where a provider takes letters, numbers and underscores only. */
export const TAG_KEY = 'growthos_message';

/** Our id out of the first of `candidates` that holds one: an id, or a Message-ID with or without its brackets. */
export function messageRef(...candidates: readonly unknown[]): string | null {
  for (const candidate of candidates) {
    const found = typeof candidate === 'string' ? MESSAGE_ID.exec(candidate.trim())?.[1] : undefined;
    if (found !== undefined) return found.toLowerCase();
  }
  return null;
}

/** Our id out of an envelope sender that `returnPath` made; null for any other address. */
export function messageOfReturnPath(address: string): string | null {
  return RETURN_PATH.exec(address)?.[1]?.toLowerCase() ?? null;
}

/** `bounces@mail.example` for one message: `bounces+ID@mail.example`, so that a report names it by where it was sent. */
export function returnPath(bounceAddress: string, messageId: string): string {
  const at = bounceAddress.lastIndexOf('@');
  return `${bounceAddress.slice(0, at)}+${messageId}${bounceAddress.slice(at)}`;
}

/** The value of a header out of a list of `{name, value}`, as Amazon SES and Resend give them back. */
export function headerIn(
  headers: readonly { readonly name: string; readonly value: string }[] | null | undefined,
  name: string,
): string | null {
  return headers?.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value ?? null;
}

/** Reads a small text over https: certificates, and the answer to a confirmation. Addresses are checked by who asks. */
export type FetchText = (url: string) => Promise<string>;

const TIMEOUT_MS = 10_000;
const BYTES_MAX = 64 * 1024;

/** Follows no redirect: the address that was checked is the one that is read. Throws on anything but a 2xx. */
export const fetchText: FetchText = async (url) => {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`the answer is larger than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

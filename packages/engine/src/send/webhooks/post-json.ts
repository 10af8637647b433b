/**
 * POSTs JSON to an address that somebody gave us. An address inside our own network is refused, at the moment of
 * connecting and by the address really connected to, so that a name cannot point elsewhere after the check. Redirects are
 * not followed.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';

export type PostOutcome =
  | { readonly kind: 'accepted'; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The address is private, or no http(s): trying again is useless. */
  | { readonly kind: 'forbidden'; readonly reason: string };

export type PostJson = (input: {
  url: string;
  body: string;
  headers: Readonly<Record<string, string>>;
}) => Promise<PostOutcome>;

const TIMEOUT_MS = 10_000;

const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(net, prefix, 'ipv6');
}

export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  return PRIVATE.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}

class PrivateAddressError extends Error {}

/** `allowsPrivate`: for tests and the demo, whose receivers are on this machine. */
export function createPostJson(options: { allowsPrivate: boolean }): PostJson {
  return (input) =>
    new Promise((resolve) => {
      if (!URL.canParse(input.url)) return resolve({ kind: 'forbidden', reason: 'this is no address' });
      const url = new URL(input.url);
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (url.protocol !== 'https:' && url.protocol !== 'http:') {
        return resolve({ kind: 'forbidden', reason: `an address cannot start with ${url.protocol}` });
      }
      if (!options.allowsPrivate && isIP(host) !== 0 && isPrivateAddress(host)) {
        return resolve({ kind: 'forbidden', reason: 'the address is inside a private network' });
      }
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(
        url,
        {
          method: 'POST',
          headers: {
            ...input.headers,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(input.body),
          },
          timeout: TIMEOUT_MS,
          lookup: options.allowsPrivate ? undefined : publicLookup,
        },
        (response) => {
          const status = response.statusCode ?? 0;
          response.resume();
          resolve(status >= 200 && status < 300 ? { kind: 'accepted', status } : { kind: 'refused', status });
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} seconds`)));
      request.on('error', (error) =>
        resolve(
          error instanceof PrivateAddressError
            ? { kind: 'forbidden', reason: error.message }
            : { kind: 'unreachable', reason: error.message },
        ),
      );
      request.end(input.body);
    });
}

function publicLookup(
  hostname: string,
  options: object,
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
): void {
  dnsLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const bad = addresses.find((one) => isPrivateAddress(one.address));
    if (bad) return callback(new PrivateAddressError('the name leads into a private network'), '');
    if ('all' in options && options.all === true) return callback(null, addresses);
    const first = addresses[0];
    callback(first ? null : new Error('the name has no address'), first?.address ?? '', first?.family ?? 4);
  });
}

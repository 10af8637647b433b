/**
 * A webhook from Stripe. In: the raw bytes and the signature. Out: an outcome that is answered 200, once the event is
 * committed, or an error that is answered 4xx (it is not from Stripe, or no event) or 5xx (ours: Stripe tries again).
 * May happen twice: every delivery; the ledger keeps one. Order: none is promised by Stripe, none is needed here.
 * Nothing is applied here, and nothing is asked of Stripe: buyers may be waiting for our answer.
 */
import { isUtf8 } from 'node:buffer';
import { fromEpochS, type Clock } from '#base/clock.ts';
import {
  GrowthError,
  InvalidInputError,
  NotFoundError,
  SignatureInvalidError,
  UpstreamUnavailableError,
} from '#base/errors.ts';
import type { Db } from '#db/db.ts';
import type { Inbox } from '../inbox/store.ts';
import type { AccountDirectory } from './account-directory.ts';
import { endDeauthorized } from './end-connection.ts';
import { ENVELOPE_SHAPE, readEventEnvelope, toInboxEvent } from './event-envelope.ts';
import { pickJson } from './pick-json.ts';
import type { EndpointKeys, SigningSecrets } from './signing-secrets.ts';
import { keepUnclaimed } from './unclaimed.ts';
import { verifyStripeSignature } from './verify.ts';

export interface ReceiveDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly directory: AccountDirectory;
  readonly signingSecrets: SigningSecrets;
}

export interface ReceivedWebhook {
  readonly rawBody: Uint8Array;
  readonly signatureHeader: string | undefined;
  /** Last part of the URL of an endpoint in a tenant's own account; null for the platform's endpoint. */
  readonly urlKey: string | null;
}

/** `unclaimed`: of an account that nobody has connected; it is kept aside, and Stripe need not try again. */
export type ReceiveOutcome = 'accepted' | 'duplicate' | 'unclaimed';

/** Events of the platform's own account are kept under this name: no workspace can ever claim them. */
const PLATFORM_ACCOUNT = 'platform';

export async function receiveStripeWebhook(deps: ReceiveDeps, input: ReceivedWebhook): Promise<ReceiveOutcome> {
  const endpoint = proveFromMemory(deps, input) ?? (await prove(deps, input));
  const payload = utf8Of(input.rawBody);
  const envelope = readEventEnvelope(pickEnvelope(payload));
  const account = endpoint.account ?? envelope.account ?? PLATFORM_ACCOUNT;
  const named = { account, livemode: envelope.livemode };
  const owner = deps.directory.known(named) ?? (await fromDatabase(() => deps.directory.find(named)));
  if (owner === null) {
    await fromDatabase(() => keepUnclaimed(deps.db, { account, envelope, payload, now: deps.clock.now() }));
    return 'unclaimed';
  }
  const outcome = await deps.inbox.store(
    toInboxEvent({ envelope, workspaceId: owner.workspaceId, account, via: 'webhook', payload }),
  );
  // On a duplicate too: the first delivery may have died between the ledger and here.
  if (envelope.type === 'account.application.deauthorized' && endpoint.account === null) {
    await fromDatabase(() =>
      endDeauthorized(deps, { account, livemode: envelope.livemode, at: fromEpochS(envelope.createdS) }),
    );
  }
  return outcome;
}

/** The usual case, without waiting for anything; null where it takes a second look. */
function proveFromMemory(deps: ReceiveDeps, input: ReceivedWebhook): EndpointKeys | null {
  const endpoint = deps.signingSecrets.known(input.urlKey);
  if (endpoint === undefined) return null;
  try {
    verify(deps, { received: input, keys: endpoint.keys });
    return endpoint;
  } catch (error) {
    if (error instanceof SignatureInvalidError) return null;
    throw error;
  }
}

function verify(deps: ReceiveDeps, input: { received: ReceivedWebhook; keys: EndpointKeys['keys'] }): void {
  verifyStripeSignature({
    rawBody: input.received.rawBody,
    header: input.received.signatureHeader,
    keys: input.keys,
    now: deps.clock.now(),
  });
}

/** Checks the signature; when it does not fit, once more with the secrets that another process may have made. */
async function prove(deps: ReceiveDeps, input: ReceivedWebhook): Promise<EndpointKeys> {
  const attempt = async (): Promise<EndpointKeys> => {
    const endpoint = await fromDatabase(() => deps.signingSecrets.find(input.urlKey));
    if (endpoint === null && input.urlKey !== null)
      throw new NotFoundError('There is no webhook endpoint at this URL.');
    verify(deps, { received: input, keys: endpoint?.keys ?? [] });
    return endpoint ?? { keys: [], account: null };
  };
  try {
    return await attempt();
  } catch (error) {
    const mayBeNew = error instanceof SignatureInvalidError || error instanceof NotFoundError;
    if (!mayBeNew || !(await fromDatabase(() => deps.signingSecrets.refresh()))) throw error;
    return attempt();
  }
}

/** The same bytes; what is no UTF-8 in them is replaced as every decoder does it. */
function utf8Of(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer : Buffer.from(buffer.toString('utf8'));
}

function pickEnvelope(payload: Buffer): unknown {
  try {
    return pickJson(payload, ENVELOPE_SHAPE);
  } catch (error) {
    throw new InvalidInputError('The body is no JSON.', { cause: error });
  }
}

/** A failure of our own database is ours to name, so that it is answered 5xx and Stripe tries again. */
async function fromDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GrowthError) throw error;
    throw new UpstreamUnavailableError('database', { cause: error });
  }
}

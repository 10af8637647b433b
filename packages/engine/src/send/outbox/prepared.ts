import type { Decision } from '../decide.ts';
import type { SendDeps } from '../send-deps.ts';
import type { LoadedMessage } from './load-facts.ts';
import type { RenderedMessage } from './render-message.ts';

export interface Prepared {
  readonly loaded: LoadedMessage;
  readonly outcome: Exclude<Decision, { kind: 'send' }> | { readonly kind: 'go'; readonly rendered: RenderedMessage };
}

export function isLeased(deps: Pick<SendDeps, 'mailer'>, prepared: Prepared): boolean {
  if (prepared.outcome.kind !== 'go') return false;
  const { kind } = prepared.outcome.rendered;
  return kind === 'email' ? deps.mailer.kind === 'smtp' : kind !== 'in_app';
}

/** A delivery of events to a webhook is no message to anybody: telling of it would feed itself. */
export function isEndpointDelivery(prepared: Prepared): boolean {
  return prepared.loaded.message.enrolment_id === null && prepared.loaded.message.channel === 'webhook';
}

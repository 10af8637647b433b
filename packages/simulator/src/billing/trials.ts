import type { SubscriptionRow } from '#store/subscription.ts';
import { announce } from './record.ts';
import { nowS, type Scope } from './scope.ts';

/** Source: Stripe's text for `customer.subscription.trial_will_end`. */
const WARN_BEFORE_S = 3 * 86_400;

/** The warning comes three days before the end, or at once when the trial is shorter than that. */
export function scheduleTrial(scope: Scope, row: SubscriptionRow): void {
  if (row.trialEnd === null) return;
  const at = row.trialEnd - WARN_BEFORE_S;
  if (at <= nowS(scope)) announce(scope, 'customer.subscription.trial_will_end', 'subscription', row);
  else scope.world.setTimer(scope.state, 'trial_will_end', row.id, at);
}

export function isWarningDue(row: SubscriptionRow, atS: number): boolean {
  return row.status === 'trialing' && row.trialEnd !== null && row.trialEnd - WARN_BEFORE_S === atS;
}

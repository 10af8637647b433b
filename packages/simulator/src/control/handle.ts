import { connect, disconnect } from '#billing/connections.ts';
import { createCoupon } from '#billing/catalogue.ts';
import { closeDispute } from '#billing/refunds.ts';
import type { Simulator, SimulatorOptions } from '#simulator.ts';
import {
  addKey,
  APP_CLIENT_ID,
  COMPANY_ACCOUNT,
  KEYS,
  OTHER_ACCOUNT,
  PLATFORM_ACCOUNT,
  PLATFORM_CLIENT_ID,
} from '#store/genesis.ts';
import type { World } from '#store/world.ts';
import { deliverDue } from '#webhooks/deliver.ts';
import { advanceAlong, advanceState, spanMs } from './advance.ts';
import { bulkLoad } from './bulk.ts';
import { addCheckout, addCustomer, breakCard, editCustomer, removeCustomer, repairCard } from './customers.ts';
import { scopeFor } from './find.ts';
import { deliveries, events, objects, shown } from './look.ts';
import { chargeOnce, dispute, payOpenInvoice, refund } from './money.ts';
import * as plans from './subscriptions.ts';

export type Actions = Omit<Simulator, 'url' | 'host' | 'port' | 'close' | 'save'>;

/** Everything that a scenario can do, over one world; the control API and the page call the same functions. */
export function actionsOf(world: World, options: Pick<SimulatorOptions, 'deliver'>): Actions {
  return {
    clock: world.clock,
    keys: KEYS,
    clientId: PLATFORM_CLIENT_ID,
    appClientId: APP_CLIENT_ID,
    platformAccount: PLATFORM_ACCOUNT,
    companyAccount: COMPANY_ACCOUNT,
    otherAccount: OTHER_ACCOUNT,
    ...timeActions(world, options),
    ...customerActions(world),
    ...subscriptionActions(world),
    ...moneyActions(world),
    ...accountActions(world),
    ...lookActions(world),
  };
}

function timeActions(
  world: World,
  options: Pick<SimulatorOptions, 'deliver'>,
): Pick<Actions, 'advance' | 'drainDeliveries'> {
  return {
    async advance(by) {
      const untilMs = world.clock.nowMs() + spanMs(by);
      const mode = by.deliver ?? (options.deliver === 'auto' ? 'along' : 'after');
      if (mode === 'along') await advanceAlong(world, untilMs);
      else {
        advanceState(world, untilMs);
        await world.onClock(world.clock.now());
      }
      world.onChange();
    },
    drainDeliveries: () => deliverDue(world),
  };
}

function customerActions(
  world: World,
): Pick<
  Actions,
  'createCustomer' | 'updateCustomer' | 'deleteCustomer' | 'addCheckout' | 'failNextPayment' | 'fixPaymentMethod'
> {
  return {
    createCustomer: async (input) => shown(addCustomer(world, input), 'customer'),
    updateCustomer: async (input) => shown(editCustomer(world, input), 'customer'),
    deleteCustomer: async (input) => removeCustomer(world, input),
    addCheckout: async (input) => addCheckout(world, input).row.id,
    async failNextPayment(input) {
      breakCard(world, input);
      if (input.renewNow) plans.renewNow(world, input);
    },
    fixPaymentMethod: async (input) => repairCard(world, input),
  };
}

type SubscriptionActions = Pick<
  Actions,
  | 'subscribe'
  | 'changePlan'
  | 'changeQuantity'
  | 'cancel'
  | 'uncancel'
  | 'pause'
  | 'resume'
  | 'applyCoupon'
  | 'removeDiscount'
  | 'setTrialEnd'
  | 'renewNow'
>;

function subscriptionActions(world: World): SubscriptionActions {
  const show = (done: plans.Done) => shown(done, 'subscription');
  return {
    subscribe: async (input) => show(plans.subscribe(world, input)),
    changePlan: async (input) => show(plans.changePlan(world, input)),
    changeQuantity: async (input) => show(plans.changeQuantity(world, input)),
    cancel: async (input) => show(plans.cancel(world, input)),
    uncancel: async (input) => show(plans.uncancel(world, input)),
    pause: async (input) =>
      show(
        plans.edit(world, input, {
          pauseCollection: {
            behavior: input.behavior ?? 'void',
            resumesAt: input.resumesAt === undefined ? null : Math.floor(input.resumesAt.getTime() / 1_000),
          },
        }),
      ),
    resume: async (input) => show(plans.resume(world, input)),
    applyCoupon: async (input) =>
      show(plans.edit(world, input, { discounts: [{ coupon: input.coupon, promotionCode: input.promotionCode }] })),
    removeDiscount: async (input) => show(plans.dropDiscounts(world, input)),
    setTrialEnd: async (input) =>
      show(
        plans.edit(world, input, {
          trialEnd: input.trialEnd === 'now' ? 'now' : Math.floor(input.trialEnd.getTime() / 1_000),
        }),
      ),
    renewNow: async (input) => show(plans.renewNow(world, input)),
  };
}

function moneyActions(
  world: World,
): Pick<Actions, 'payOpenInvoice' | 'refund' | 'dispute' | 'closeDispute' | 'chargeOnce'> {
  return {
    payOpenInvoice: async (input) => shown(payOpenInvoice(world, input), 'invoice'),
    refund: async (input) => shown(refund(world, input), 'refund'),
    dispute: async (input) => shown(dispute(world, input), 'dispute'),
    async closeDispute(input) {
      const scope = scopeFor(world, input);
      return shown({ scope, row: closeDispute(scope, input.dispute, input.outcome) }, 'dispute');
    },
    chargeOnce: async (input) => shown(chargeOnce(world, input), 'charge'),
  };
}

type AccountActions = Pick<
  Actions,
  | 'connectAccount'
  | 'disconnectAccount'
  | 'addRestrictedKey'
  | 'addCoupon'
  | 'setBilling'
  | 'setFaults'
  | 'setReadOnly'
  | 'bulkLoad'
>;

function accountActions(world: World): AccountActions {
  return {
    async connectAccount(input = {}) {
      const account = input.account ?? COMPANY_ACCOUNT;
      connect(world, {
        application: PLATFORM_CLIENT_ID,
        account,
        livemode: input.livemode ?? false,
        scope: 'read_write',
      });
    },
    async disconnectAccount(input = {}) {
      const account = input.account ?? COMPANY_ACCOUNT;
      for (const application of [PLATFORM_CLIENT_ID, APP_CLIENT_ID]) {
        disconnect(world, { application, account, livemode: input.livemode ?? false });
      }
    },
    addRestrictedKey(input) {
      const livemode = input.livemode ?? false;
      const key = input.key ?? `rk_${livemode ? 'live' : 'test'}_${world.chance.text(24)}`;
      addKey(world, { key, account: input.account ?? COMPANY_ACCOUNT, livemode, permissions: input.permissions });
      return key;
    },
    addCoupon: async (input) => {
      const scope = scopeFor(world, input);
      return shown({ scope, row: createCoupon(scope, input) }, 'coupon');
    },
    setBilling(input) {
      const account = world.account(input.account ?? COMPANY_ACCOUNT);
      if (input.retryDays) account.retryDays = [...input.retryDays];
      if (input.afterRetries) account.afterRetries = input.afterRetries;
    },
    setFaults: (faults) => void Object.assign(world.faults, faults),
    setReadOnly(on) {
      world.isReadOnly = on;
    },
    bulkLoad: async (input) => bulkLoad(world, input),
  };
}

function lookActions(world: World): Pick<Actions, 'events' | 'objects' | 'deliveries' | 'violations' | 'requests'> {
  return {
    events: (filter) => events(world, filter),
    objects: (kind, target) => objects(world, kind, target),
    deliveries: () => deliveries(world),
    violations: () => [...world.violations],
    requests: () => [...world.requests],
  };
}

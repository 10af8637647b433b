import type { FastifyInstance } from 'fastify';
import type { Actions } from '#control/handle.ts';
import type { Api } from '#http/api.ts';
import type { World } from '#store/world.ts';
import { accountRoutes } from './accounts.ts';
import { beyondBillingRoutes } from './beyond-billing.ts';
import { checkoutSessionRoutes } from './checkout-sessions.ts';
import { controlRoutes } from './control.ts';
import { customerRoutes } from './customers.ts';
import { couponRoutes, promotionCodeRoutes } from './discounts.ts';
import { eventRoutes } from './events.ts';
import { invoiceItemRoutes } from './invoice-items.ts';
import { invoiceRoutes } from './invoices.ts';
import { type OAuthOptions, oauthRoutes } from './oauth.ts';
import { pageRoutes } from './page.ts';
import { paymentMethodRoutes } from './payment-methods.ts';
import { chargeRoutes, paymentIntentRoutes } from './payments.ts';
import { priceRoutes } from './prices.ts';
import { productRoutes } from './products.ts';
import { creditNoteRoutes, disputeRoutes, refundRoutes } from './refunds.ts';
import { setupIntentRoutes } from './setup-intents.ts';
import { scheduleRoutes } from './schedules.ts';
import { subscriptionItemRoutes } from './subscription-items.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';

export interface RouteDeps {
  readonly app: FastifyInstance;
  readonly world: World;
  readonly api: Api;
  readonly actions: Actions;
}

export function registerRoutes(deps: RouteDeps, options: OAuthOptions): void {
  for (const routes of [
    accountRoutes,
    customerRoutes,
    productRoutes,
    priceRoutes,
    paymentMethodRoutes,
    subscriptionRoutes,
    subscriptionItemRoutes,
    scheduleRoutes,
    invoiceRoutes,
    invoiceItemRoutes,
    paymentIntentRoutes,
    setupIntentRoutes,
    chargeRoutes,
    refundRoutes,
    disputeRoutes,
    creditNoteRoutes,
    couponRoutes,
    promotionCodeRoutes,
    checkoutSessionRoutes,
    eventRoutes,
    webhookEndpointRoutes,
    beyondBillingRoutes,
  ]) {
    routes(deps.api);
  }
  oauthRoutes(deps.app, deps.world, options);
  controlRoutes(deps.app, deps.world, deps.actions);
  pageRoutes(deps.app, deps.world, deps.actions);
}

import type { ItemRow, SchedulePhase, ScheduleRow, SubscriptionRow } from '#store/subscription.ts';
import { renderPlan, renderPrice } from './catalogue.ts';
import { renderDiscount } from './discount.ts';
import { list, type Out, type View, when } from './view.ts';

export function renderSubscriptionItem(view: View, row: SubscriptionRow, item: ItemRow): Out {
  const { shape, state } = view;
  const price = state.prices.get(item.price);
  return {
    id: item.id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: item.created,
    ...when(shape.since('basil'), () => ({
      current_period_end: row.periodEnd,
      current_period_start: row.periodStart,
    })),
    ...when(shape.since('endive'), () => ({ current_trial: null })),
    ...when(shape.since('acacia'), () => ({ discounts: [] })),
    metadata: item.metadata,
    plan: price ? renderPlan(view, price) : null,
    price: price ? renderPrice(view, price) : null,
    ...when(price?.recurring?.usageType !== 'metered', () => ({ quantity: item.quantity })),
    subscription: row.id,
    tax_rates: [],
  };
}

export function renderSubscription(view: View, row: SubscriptionRow): Out {
  return Object.assign(identity(view, row), terms(view, row), course(view, row));
}

function identity(view: View, row: SubscriptionRow): Out {
  const { shape } = view;
  return {
    id: row.id,
    object: 'subscription',
    ...when(shape.since('subscription2023'), () => ({ application: null })),
    application_fee_percent: null,
    automatic_tax: {
      enabled: false,
      ...when(shape.since('acacia'), () => ({ disabled_reason: null })),
      ...when(shape.since('invoice2024'), () => ({ liability: null })),
    },
    billing_cycle_anchor: row.billingCycleAnchor,
    ...when(shape.since('acacia'), () => ({ billing_cycle_anchor_config: null })),
    ...when(shape.since('billingMode'), () => ({
      billing_mode: {
        flexible: row.billingMode === 'flexible' ? { proration_discounts: 'included' } : null,
        type: row.billingMode,
        ...when(row.billingMode === 'flexible', () => ({ updated_at: row.created })),
      },
    })),
    billing_thresholds: null,
    cancel_at: row.cancelAt,
    cancel_at_period_end: row.cancelAtPeriodEnd,
    canceled_at: row.canceledAt,
    ...when(shape.since('subscription2023'), () => ({ cancellation_details: { ...row.cancellation } })),
    collection_method: row.collectionMethod,
    created: row.created,
    ...when(shape.since('subscription2023'), () => ({ currency: row.currency })),
    ...when(!shape.since('basil'), () => ({
      current_period_end: row.periodEnd,
      current_period_start: row.periodStart,
    })),
    customer: row.customer,
    ...when(shape.since('dahlia'), () => ({ customer_account: null })),
  };
}

function terms(view: View, row: SubscriptionRow): Out {
  const { shape, state } = view;
  const items = row.items.map((item) => renderSubscriptionItem(view, row, item));
  const first = row.discounts[0] === undefined ? undefined : state.discounts.get(row.discounts[0]);
  return {
    days_until_due: row.daysUntilDue,
    default_payment_method: row.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    ...when(shape.since('subscription2023'), () => ({ description: row.description })),
    ...when(!shape.since('basil'), () => ({ discount: first ? renderDiscount(view, first) : null })),
    ...when(shape.since('acacia'), () => ({ discounts: [...row.discounts] })),
    ended_at: row.endedAt,
    ...when(shape.since('invoice2024'), () => ({
      invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
    })),
    items: list(items, `/v1/subscription_items?subscription=${row.id}`),
    latest_invoice: row.latestInvoice,
    livemode: state.livemode,
    ...when(shape.since('endive'), () => ({ managed_payments: null })),
    metadata: row.metadata,
  };
}

function course(view: View, row: SubscriptionRow): Out {
  const { shape, state } = view;
  const only = row.items.length === 1 ? row.items[0] : undefined;
  const price = only && state.prices.get(only.price);
  return {
    next_pending_invoice_item_invoice: null,
    ...when(shape.since('subscription2023'), () => ({ on_behalf_of: null })),
    pause_collection: row.pauseCollection && {
      behavior: row.pauseCollection.behavior,
      resumes_at: row.pauseCollection.resumesAt,
    },
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      ...when(shape.since('slimLists'), () => ({ save_default_payment_method: 'off' })),
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    plan: price ? renderPlan(view, price) : null,
    quantity: only ? only.quantity : null,
    schedule: row.schedule,
    start_date: row.startDate,
    status: row.status,
    ...when(shape.since('endive'), () => statusDetails(row)),
    ...when(shape.since('subscription2023'), () => ({ test_clock: null })),
    transfer_data: null,
    trial_end: row.trialEnd,
    ...when(shape.since('subscription2023'), () => ({
      trial_settings: { end_behavior: { missing_payment_method: row.trialEndBehavior } },
    })),
    trial_start: row.trialStart,
  };
}

function statusDetails(row: SubscriptionRow): Out {
  if (row.paused === null) return {};
  return {
    status_details: {
      paused: { type: 'subscription', transitioned_at: row.paused.at, subscription: { type: row.paused.type } },
    },
  };
}

function renderPhase(phase: SchedulePhase): Out {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    collection_method: null,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: phase.endDate,
    invoice_settings: null,
    items: phase.items.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: {},
      plan: item.price,
      price: item.price,
      quantity: item.quantity,
      tax_rates: [],
    })),
    metadata: phase.metadata,
    proration_behavior: phase.prorationBehavior,
    start_date: phase.startDate,
    transfer_data: null,
    trial_end: null,
  };
}

export function renderSchedule(view: View, row: ScheduleRow): Out {
  return {
    id: row.id,
    object: 'subscription_schedule',
    application: null,
    ...when(view.shape.since('billingMode'), () => ({ billing_mode: { flexible: null, type: 'classic' } })),
    canceled_at: row.canceledAt,
    completed_at: row.completedAt,
    created: row.created,
    current_phase: row.status === 'active' ? currentPhase(view, row) : null,
    customer: row.customer,
    ...when(view.shape.since('dahlia'), () => ({ customer_account: null })),
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: 'automatic',
      collection_method: 'charge_automatically',
      default_payment_method: null,
      default_source: null,
      description: null,
      invoice_settings: { issuer: { type: 'self' } },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: row.endBehavior,
    livemode: view.state.livemode,
    metadata: row.metadata,
    phases: row.phases.map(renderPhase),
    released_at: row.releasedAt,
    released_subscription: row.releasedSubscription,
    renewal_interval: null,
    status: row.status,
    subscription: row.subscription,
    test_clock: null,
  };
}

function currentPhase(view: View, row: ScheduleRow): Out | null {
  const periodStart =
    row.subscription === null ? undefined : view.state.subscriptions.get(row.subscription)?.periodStart;
  const phase =
    row.phases.findLast((candidate) => candidate.startDate <= (periodStart ?? row.created)) ?? row.phases[0];
  return phase ? { end_date: phase.endDate, start_date: phase.startDate } : null;
}

/**
 * A made-up life of one Stripe customer: the events that Stripe would send, each with the whole object and the values that
 * changed, several in one second. Drawn from a list of numbers, so that fast-check can shrink it.
 */
type Hash = Record<string, unknown>;

export interface LifeEvent {
  readonly id: string;
  readonly type: string;
  readonly createdS: number;
  readonly object: Hash;
  readonly previous: Hash | null;
}

export interface Life {
  readonly events: readonly LifeEvent[];
  /** Every object as it is at the end: what reading it again would give. */
  readonly finalObjects: readonly Hash[];
  readonly endS: number;
}

const PRICES = [
  ['starter', 2900, 'month'],
  ['pro', 9900, 'month'],
  ['pro_year', 99_000, 'year'],
  ['team', 20_000, 'month'],
] as const;

const DAY_S = 86_400;
const ATTEMPTS_APART_S = 1_200;

/** @param draws numbers from 0 on; each step of the life takes two: what happens, and how. */
export function liveLife(input: { index: number; startS: number; draws: readonly number[] }): Life {
  const life = new LifeUnderWay(input.index, input.startS);
  for (let i = 0; i + 1 < input.draws.length; i += 2) life.step(input.draws[i] ?? 0, input.draws[i + 1] ?? 0);
  return { events: life.events, finalObjects: life.finalObjects(), endS: life.nowS };
}

class LifeUnderWay {
  readonly events: LifeEvent[] = [];
  readonly #index: number;
  readonly #customer: Hash;
  readonly #subscriptions: Hash[] = [];
  readonly #invoices: Hash[] = [];
  readonly #charges: Hash[] = [];
  #failedAtS = 0;
  readonly #failedCharges: Hash[] = [];
  nowS: number;
  #serial = 0;

  constructor(index: number, startS: number) {
    this.#index = index;
    this.nowS = startS;
    this.#customer = {
      id: `cus_${index}`,
      object: 'customer',
      email: `person${index}@example.test`,
      name: `Person ${index}`,
      created: startS,
      livemode: false,
      metadata: index % 3 === 0 ? { user_id: `u${index}` } : {},
      invoice_settings: { default_payment_method: null },
      default_source: null,
    };
    this.#emit('customer.created', this.#customer, null);
  }

  finalObjects(): Hash[] {
    return [this.#customer, ...this.#subscriptions, ...this.#invoices, ...this.#charges, ...this.#failedCharges].map(
      (object) => structuredClone(object),
    );
  }

  step(what: number, how: number): void {
    // Half of all things happen in the second of the one before.
    this.nowS += how % 2 === 0 ? 0 : 1 + (how % (3 * DAY_S));
    const subscription = this.#subscriptions.at(-1);
    const isLive =
      subscription !== undefined && !['canceled', 'incomplete_expired'].includes(String(subscription['status']));
    if (!isLive) return this.#subscribe(how);
    switch (what % 11) {
      case 0:
        return this.#change(subscription, { items: this.#items(String(subscription['id']), how) });
      case 1:
        return this.#change(subscription, { cancel_at_period_end: subscription['cancel_at_period_end'] !== true });
      case 2:
        return this.#failPayment(subscription, how);
      case 3:
        return this.#pay(subscription);
      case 4:
        return this.#change(subscription, {
          pause_collection: subscription['pause_collection'] === null ? { behavior: 'void', resumes_at: null } : null,
        });
      case 5:
        return this.#end(subscription, how % 3 === 0 ? 'payment_failed' : 'cancellation_requested');
      case 6:
        return this.#activate(subscription);
      case 7:
        return this.#refund(how);
      case 8:
        return this.#changeCustomer({ name: `Person ${this.#index} the ${how % 50}` });
      case 9:
        return this.#changeCustomer({ invoice_settings: { default_payment_method: how % 3 === 0 ? null : 'pm_1' } });
      default:
        return this.#pay(subscription);
    }
  }

  #emit(type: string, object: Hash, previous: Hash | null): void {
    this.#serial += 1;
    // Stripe's ids say nothing about order: a hash of the serial is as good.
    const id = `evt_${this.#index}_${((this.#serial * 7919) % 9973).toString(36)}_${this.#serial}`;
    this.events.push({
      id,
      type,
      createdS: this.nowS,
      object: structuredClone(object),
      previous: previous === null ? null : structuredClone(previous),
    });
  }

  #items(subscriptionId: string, how: number): Hash {
    const [id, unitAmount, interval] = PRICES[how % PRICES.length] ?? PRICES[0];
    const price = {
      id,
      object: 'price',
      currency: 'usd',
      product: `prod_${id.split('_')[0]}`,
      unit_amount: unitAmount,
      unit_amount_decimal: String(unitAmount),
      billing_scheme: 'per_unit',
      type: 'recurring',
      recurring: { interval, interval_count: 1, usage_type: 'licensed' },
    };
    const data = [
      {
        id: `si_${subscriptionId}`,
        object: 'subscription_item',
        quantity: 1 + (how % 3),
        price,
        discounts: [],
        tax_rates: [],
        current_period_start: this.nowS,
        current_period_end: this.nowS + 30 * DAY_S,
      },
    ];
    return { object: 'list', data, has_more: false };
  }

  #subscribe(how: number): void {
    const id = `sub_${this.#index}_${this.#subscriptions.length}`;
    const status = ['incomplete', 'active', 'trialing'][how % 3] ?? 'active';
    const subscription: Hash = {
      id,
      object: 'subscription',
      customer: this.#customer['id'],
      status,
      currency: 'usd',
      created: this.nowS,
      start_date: this.nowS,
      cancel_at_period_end: false,
      cancel_at: null,
      canceled_at: null,
      ended_at: null,
      pause_collection: null,
      discounts: [],
      livemode: false,
      metadata: {},
      items: this.#items(id, how),
      trial_start: status === 'trialing' ? this.nowS : null,
      trial_end: status === 'trialing' ? this.nowS + 14 * DAY_S : null,
      default_payment_method: null,
      cancellation_details: { reason: null, feedback: null, comment: null },
      latest_invoice: null,
    };
    this.#subscriptions.push(subscription);
    this.#emit('customer.subscription.created', subscription, null);
    if (status === 'incomplete') this.#activate(subscription);
  }

  #change(subscription: Hash, values: Hash): void {
    const previous = Object.fromEntries(Object.keys(values).map((key) => [key, subscription[key] ?? null]));
    Object.assign(subscription, values);
    this.#emit('customer.subscription.updated', subscription, previous);
  }

  #changeCustomer(values: Hash): void {
    const previous = Object.fromEntries(Object.keys(values).map((key) => [key, this.#customer[key] ?? null]));
    Object.assign(this.#customer, values);
    this.#emit('customer.updated', this.#customer, previous);
  }

  #activate(subscription: Hash): void {
    if (subscription['status'] !== 'active') this.#change(subscription, { status: 'active' });
  }

  #openInvoice(subscription: Hash): Hash {
    const open = this.#invoices.find((invoice) => invoice['status'] === 'open');
    if (open) return open;
    const id = `in_${this.#index}_${this.#invoices.length}`;
    const invoice: Hash = {
      id,
      object: 'invoice',
      customer: this.#customer['id'],
      customer_email: this.#customer['email'],
      status: 'open',
      currency: 'usd',
      amount_due: 9900,
      amount_paid: 0,
      amount_remaining: 9900,
      attempt_count: 0,
      next_payment_attempt: null,
      hosted_invoice_url: `https://pay.example/${id}`,
      created: this.nowS,
      billing_reason: 'subscription_cycle',
      livemode: false,
      metadata: {},
      status_transitions: { paid_at: null },
      parent: {
        type: 'subscription_details',
        subscription_details: { subscription: subscription['id'], metadata: {} },
      },
      payments: {
        object: 'list',
        data: [
          {
            id: `inpay_${id}`,
            object: 'invoice_payment',
            invoice: id,
            status: 'open',
            currency: 'usd',
            amount_paid: null,
            amount_requested: 9900,
            payment: { type: 'payment_intent', payment_intent: `pi_${id}` },
          },
        ],
        has_more: false,
      },
    };
    this.#invoices.push(invoice);
    return invoice;
  }

  #failPayment(subscription: Hash, how: number): void {
    const invoice = this.#openInvoice(subscription);
    // Nothing fails twice within minutes, be it another invoice: by time alone is it known which charge was which attempt.
    this.nowS = Math.max(this.nowS, this.#failedAtS + ATTEMPTS_APART_S);
    this.#failedAtS = this.nowS;
    Object.assign(invoice, {
      attempt_count: Number(invoice['attempt_count']) + 1,
      next_payment_attempt: how % 4 === 0 ? null : this.nowS + 3 * DAY_S,
    });
    // Every fifth customer has no card: such an attempt has no charge.
    if (how % 5 !== 0) this.#emit('charge.failed', this.#failedCharge(invoice, how), null);
    this.#emit('invoice.payment_failed', invoice, null);
    if (subscription['status'] === 'active') this.#change(subscription, { status: 'past_due' });
  }

  /** As versions since basil tell of it: the charge does not name its invoice. */
  #failedCharge(invoice: Hash, how: number): Hash {
    const charge: Hash = {
      id: `ch_failed_${String(invoice['id'])}_${String(invoice['attempt_count'])}`,
      object: 'charge',
      customer: this.#customer['id'],
      status: 'failed',
      amount: 9900,
      amount_captured: 0,
      amount_refunded: 0,
      currency: 'usd',
      captured: false,
      paid: false,
      refunded: false,
      disputed: false,
      created: this.nowS,
      livemode: false,
      metadata: {},
      payment_intent: `pi_${String(invoice['id'])}`,
      failure_code: 'card_declined',
      failure_message: `Your card was declined (${how}).`,
      outcome: { type: 'issuer_declined', network_status: 'declined_by_network', reason: 'insufficient_funds' },
    };
    this.#failedCharges.push(charge);
    return charge;
  }

  #pay(subscription: Hash): void {
    const invoice = this.#openInvoice(subscription);
    const n = this.#charges.length;
    const charge: Hash = {
      id: `ch_${this.#index}_${n}`,
      object: 'charge',
      customer: this.#customer['id'],
      status: 'succeeded',
      amount: 9900,
      amount_captured: 9900,
      amount_refunded: 0,
      currency: 'usd',
      captured: true,
      paid: true,
      refunded: false,
      disputed: false,
      created: this.nowS,
      livemode: false,
      metadata: {},
      payment_intent: `pi_${String(invoice['id'])}`,
    };
    this.#charges.push(charge);
    this.#emit('charge.succeeded', charge, null);
    Object.assign(invoice, {
      status: 'paid',
      amount_paid: 9900,
      amount_remaining: 0,
      attempt_count: Math.max(1, Number(invoice['attempt_count'])),
      next_payment_attempt: null,
      status_transitions: { paid_at: this.nowS },
    });
    this.#emit('invoice.paid', invoice, null);
    this.#emit('invoice.payment_succeeded', invoice, null);
    if (subscription['status'] !== 'active')
      this.#change(subscription, { status: 'active', latest_invoice: invoice['id'] });
  }

  #end(subscription: Hash, reason: string): void {
    Object.assign(subscription, {
      status: 'canceled',
      canceled_at: this.nowS,
      ended_at: this.nowS,
      cancel_at_period_end: false,
      cancellation_details: { reason, feedback: null, comment: null },
    });
    this.#emit('customer.subscription.deleted', subscription, null);
  }

  #refund(how: number): void {
    const charge = this.#charges.at(-1);
    if (!charge || Number(charge['amount_refunded']) >= 9900) return;
    const before = Number(charge['amount_refunded']);
    const amountRefunded = Math.min(9900, before + 1000 + (how % 5000));
    Object.assign(charge, { amount_refunded: amountRefunded, refunded: amountRefunded === 9900 });
    this.#emit('charge.refunded', charge, { amount_refunded: before });
  }
}

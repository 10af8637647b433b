/**
 * Lives through the company's past. In: a world whose clock stands before everything, and the people with their
 * stories. Out: the same world at "now", every state reached by the rules that go on from there, with the events of
 * the last 30 days. Deterministic in the seed.
 */
import { cancelNow } from '#billing/cancel.ts';
import { attachPaymentMethod, createCustomer, setDefaultMethod } from '#billing/customers.ts';
import { addMonths } from '#billing/period.ts';
import { openDispute, refundCharge } from '#billing/refunds.ts';
import type { Scope } from '#billing/scope.ts';
import { createSubscription } from '#billing/subscribe.ts';
import { updateSubscription } from '#billing/update-subscription.ts';
import { advanceState } from '#control/advance.ts';
import { findPrice, scopeFor } from '#control/find.ts';
import type { CustomerRow } from '#store/customer.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import type { World } from '#store/world.ts';
import { companyPeople, type Person } from './people.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Deed {
  readonly atMs: number;
  readonly act: () => void;
}

class Agenda {
  private readonly deeds: Deed[] = [];

  at(atMs: number, act: () => void): void {
    this.deeds.push({ atMs, act });
    this.deeds.sort((a, b) => b.atMs - a.atMs);
  }

  next(untilMs: number): Deed | undefined {
    const last = this.deeds.at(-1);
    return last && last.atMs <= untilMs ? this.deeds.pop() : undefined;
  }
}

export function buildCompany(world: World, input: { readonly seed: number; readonly now: Date }): void {
  const scope = scopeFor(world);
  const agenda = new Agenda();
  const nowMs = input.now.getTime();
  for (const person of companyPeople(input.seed, input.now)) plan({ scope, agenda, nowMs, person });
  for (let deed = agenda.next(nowMs); deed; deed = agenda.next(nowMs)) {
    advanceState(world, deed.atMs);
    deed.act();
  }
  advanceState(world, nowMs);
}

interface Chapter {
  readonly scope: Scope;
  readonly agenda: Agenda;
  readonly nowMs: number;
  readonly person: Person;
}

/** When the story begins, and what else has to be done later. */
function plan(chapter: Chapter): void {
  const { agenda, nowMs, person } = chapter;
  const { story } = person;
  const beginMs = beginOf(chapter);
  agenda.at(beginMs, () => {
    const customer = join(chapter);
    if (story.kind === 'free') return;
    const subscription = begin(chapter, customer);
    goOn(chapter, { customer, subscription });
  });
  if (beginMs > nowMs) throw new Error(`${person.email} would begin in the future`);
}

/** Stories that need a renewal at a certain time begin whole months before it. */
function beginOf(chapter: Chapter): number {
  const { story, signedUpAt } = chapter.person;
  if (story.kind === 'renewing') return monthsBefore(chapter.nowMs + story.renewsInHours * HOUR_MS, story.months);
  if (story.kind === 'past_due') {
    // Attempts come 1 hour, 3 days, 8 days and 15 days after the renewal; now lies in between.
    const [from, to] = ({ 1: [0.2, 2.8], 2: [3.3, 7.7], 3: [8.3, 14.5] } as const)[story.attempts];
    const spread = (Number(chapter.person.userId.slice(-2)) % 10) / 10;
    return monthsBefore(chapter.nowMs - (from + (to - from) * spread) * DAY_MS - HOUR_MS, 5);
  }
  return signedUpAt.getTime();
}

/** The instant from which that many months lead exactly to the given one; short months in between are stepped over. */
function monthsBefore(targetMs: number, months: number): number {
  const targetS = Math.floor(targetMs / 1000);
  for (let tried = months; tried < months + 12; tried += 1) {
    const beginS = addMonths(targetS, -tried);
    if (addMonths(beginS, tried) === targetS) return beginS * 1000;
  }
  return addMonths(targetS, -months) * 1000;
}

function join(chapter: Chapter): CustomerRow {
  const { scope, person } = chapter;
  const customer = createCustomer(scope, {
    email: person.email,
    name: person.name,
    description: `${person.role} at ${person.company.name}`,
    metadata: {
      company: person.company.name,
      ...(person.hasUserIdInStripe ? { user_id: person.userId } : {}),
    },
    preferredLocales: [person.locale],
    address: { city: null, country: person.country, line1: null, line2: null, postal_code: null, state: null },
  });
  const cardless = person.story.kind === 'free' || person.story.kind === 'trial_lost' || isCardlessTrial(person);
  if (cardless) return customer;
  const token = person.story.kind === 'unfinished' ? 'pm_card_chargeCustomerFail' : cardOf(person);
  const method = attachPaymentMethod(scope, { method: token, customer: customer.id });
  if (person.story.kind !== 'unfinished') method.expYear = scope.world.clock.now().getUTCFullYear() + 3;
  setDefaultMethod(scope, customer, method.id);
  return customer;
}

function isCardlessTrial(person: Person): boolean {
  return person.story.kind === 'trialing' && Number(person.userId.slice(-2)) % 4 === 3;
}

function cardOf(person: Person): string {
  return (
    ['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex', 'pm_card_visa_debit'][Number(person.userId.slice(-2)) % 4] ??
    'pm_card_visa'
  );
}

function begin(chapter: Chapter, customer: CustomerRow): SubscriptionRow {
  const { scope, person } = chapter;
  const { story } = person;
  const nowS = scope.world.clock.nowS();
  const coupon = story.kind === 'active' ? story.coupon : undefined;
  const trialDays = story.kind === 'trialing' ? story.trialDays : story.kind === 'trial_lost' ? 14 : null;
  return createSubscription(scope, {
    customer: customer.id,
    items: [{ price: findPrice(scope, person.plan).id, quantity: person.quantity }],
    trialEnd: trialDays === null ? null : nowS + trialDays * 86_400,
    trialEndBehavior: story.kind === 'trial_lost' ? 'cancel' : 'create_invoice',
    currency: person.currency,
    discounts: coupon === undefined ? [] : [{ coupon }],
    metadata: { plan: person.plan },
  });
}

interface Cast {
  readonly customer: CustomerRow;
  readonly subscription: SubscriptionRow;
}

function goOn(chapter: Chapter, cast: Cast): void {
  const { scope, agenda, nowMs, person } = chapter;
  const { story } = person;
  const { subscription } = cast;
  const beganMs = scope.world.clock.nowMs();
  switch (story.kind) {
    case 'past_due':
      agenda.at(lastPaidMs(chapter), () => decline(scope, cast.customer, story.declineCode));
      return;
    case 'failed_away':
      agenda.at(beganMs + story.months * 30 * DAY_MS, () => decline(scope, cast.customer, 'insufficient_funds'));
      return;
    case 'canceled':
      agenda.at(beganMs + story.afterDays * DAY_MS, () => {
        if (story.atPeriodEnd)
          updateSubscription(scope, subscription, {
            cancelAtPeriodEnd: true,
            cancellation: { feedback: story.feedback },
          });
        else cancelNow(scope, subscription, { reason: 'cancellation_requested', feedback: story.feedback });
      });
      return;
    case 'canceling':
      agenda.at(lastBoundaryMs(subscription, nowMs) + 2 * HOUR_MS, () => {
        const wanted =
          story.encoding === 'cancel_at' ? { cancelAt: subscription.periodEnd } : { cancelAtPeriodEnd: true };
        updateSubscription(scope, subscription, { ...wanted, cancellation: { feedback: story.feedback } });
      });
      return;
    case 'changed':
      agenda.at(nowMs - story.changedDaysAgo * DAY_MS, () => switchTo(scope, subscription, story.to));
      return;
    case 'paused':
      agenda.at(nowMs - 6 * DAY_MS, () =>
        updateSubscription(scope, subscription, {
          pauseCollection: { behavior: 'void', resumesAt: Math.floor(nowMs / 1000) + 40 * 86_400 },
        }),
      );
      return;
    default:
      goOnSpecially(chapter, cast);
  }
}

function goOnSpecially(chapter: Chapter, cast: Cast): void {
  const { scope, agenda, nowMs, person } = chapter;
  const { story } = person;
  switch (story.kind) {
    case 'several':
      for (const also of story.also) {
        createSubscription(scope, {
          customer: cast.customer.id,
          items: [{ price: findPrice(scope, also).id, quantity: 12 }],
        });
      }
      return;
    case 'returned':
      agenda.at(nowMs - story.leftDaysAgo * DAY_MS, () => cancelNow(scope, cast.subscription, { feedback: 'unused' }));
      agenda.at(nowMs - story.backDaysAgo * DAY_MS, () => {
        createSubscription(scope, {
          customer: cast.customer.id,
          items: [{ price: findPrice(scope, 'pro_monthly').id, quantity: 1 }],
        });
      });
      return;
    case 'refunded':
    case 'disputed':
      agenda.at(nowMs - 12 * DAY_MS, () => {
        const charge = scope.state.charges.inGroup(cast.customer.id).findLast((row) => row.status === 'succeeded');
        if (!charge) return;
        if (story.kind === 'refunded') refundCharge(scope, { charge, reason: 'requested_by_customer' });
        else openDispute(scope, { charge, reason: 'product_not_received' });
      });
      return;
    default:
  }
}

/** Some days before the renewal that is to fail, and after the one before it. */
function lastPaidMs(chapter: Chapter): number {
  return chapter.nowMs - 20 * DAY_MS;
}

function lastBoundaryMs(subscription: SubscriptionRow, nowMs: number): number {
  let last = subscription.created;
  for (let n = 1; n < 40; n += 1) {
    const next = addMonths(subscription.billingCycleAnchor, n);
    if (next * 1000 >= nowMs - 3 * HOUR_MS) break;
    last = next;
  }
  return last * 1000;
}

function decline(scope: Scope, customer: CustomerRow, declineCode: string): void {
  const card =
    customer.defaultPaymentMethod === null ? undefined : scope.state.paymentMethods.get(customer.defaultPaymentMethod);
  if (card) card.decline = { declineCode, remaining: null };
}

function switchTo(scope: Scope, subscription: SubscriptionRow, to: string): void {
  const item = subscription.items[0];
  if (item && subscription.endedAt === null)
    updateSubscription(scope, subscription, { items: [{ id: item.id, price: findPrice(scope, to).id }] });
}

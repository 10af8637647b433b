import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import type { MoneyView } from '@growthos/contracts/http/money-view.ts';
import { CircleAlert, ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { SectionCard } from '../../design/card.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { BillingStatusBadge } from '../billing-status.tsx';
import { type Fact, Facts } from '../facts.tsx';
import { MoneyExplained } from './money-explained.tsx';

const REASON: Readonly<Record<string, string>> = {
  voluntary: 'They left',
  involuntary: 'Their payment failed',
  never_paid: 'The first payment never went through',
  unknown: 'Stripe does not say',
};

/** What this person pays, in the server's figures: several currencies are listed, never added up. */
export function BillingPanel({ contact }: { contact: ContactPage }) {
  const { billing } = contact;
  const asOf = billing.asOf;
  return (
    <SectionCard
      title="Billing"
      says={asOf === null ? undefined : <AsOf at={asOf} />}
      action={<BillingStatusBadge status={billing.status} label={billing.statusLabel} />}
    >
      {billing.asOf === null && billing.status === 'none' ? (
        <p className="text-ink-2">
          Not linked to a Stripe customer. That happens by itself when the e-mail address or your user ID matches one.
        </p>
      ) : (
        <>
          {billing.failedPayment !== null && <FailedPayment failed={billing.failedPayment} />}
          <Facts stacked facts={billingFacts(contact)} />
          <MoneyExplained contactId={contact.id} name={contact.name} />
          {billing.warnings.map((warning) => (
            <p key={warning.name} className="mt-3 flex gap-1.5 text-[0.8125rem] text-warn">
              <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
              {warning.text}
            </p>
          ))}
        </>
      )}
      <Subscriptions subscriptions={contact.subscriptions} />
      <Invoices invoices={contact.invoices} />
    </SectionCard>
  );
}

function AsOf({ at }: { at: string }) {
  return (
    <>
      As Stripe told us <TimeAgo at={at} />
    </>
  );
}

function money(one: MoneyView | null, all: readonly MoneyView[]): ReactNode {
  if (all.length > 1)
    return all.map((each) => (
      <span key={each.currency} className="block">
        {each.formatted}
      </span>
    ));
  return one?.formatted ?? 'Not known';
}

/** Only what is there: an empty line says nothing. */
function billingFacts({ billing }: ContactPage): Fact[] {
  const date = (label: string, at: string | null): Fact[] =>
    at === null ? [] : [[label, <DayTime key={label} at={at} />]];
  const text = (label: string, value: string | null): Fact[] => (value === null ? [] : [[label, value]]);
  const seats = billing.quantity !== null && billing.quantity > 1 ? `, ${billing.quantity} seats` : '';
  return [
    ...text('Plan', billing.planName === null ? null : `${billing.planName}${seats}`),
    ...text('Tier', billing.tier),
    ...text('Billed every', billing.interval),
    ['A month (MRR)', money(billing.mrr, billing.mrrByCurrency)],
    ['Lifetime value', money(billing.ltv, billing.ltvByCurrency)],
    ...(billing.status === 'trialing' ? date('Trial ends', billing.trialEndsAt) : []),
    ...date('Renews', billing.renewsAt),
    ...date('Cancels', billing.cancelsAt),
    ...date('Canceled', billing.canceledAt),
    ...text('Why', billing.cancelReason === null ? null : (REASON[billing.cancelReason] ?? billing.cancelReason)),
    ...text('Last plan', billing.lastPlan),
    ['Payment method', billing.paymentMethod.label],
    ...date('Subscribed since', billing.subscribedSince),
    ...date('Paying since', billing.firstPaidAt),
    ...date('Last payment', billing.lastPaymentAt),
    ...(billing.isCollectionPaused ? ([['Collection', 'Paused in Stripe']] as const) : []),
  ];
}

function FailedPayment({ failed }: { failed: NonNullable<ContactPage['billing']['failedPayment']> }) {
  return (
    <div className="mb-3 rounded-lg bg-bad-soft px-3 py-2.5 text-bad">
      <p className="font-semibold">
        {failed.amount === null ? 'A payment' : failed.amount.formatted} failed
        {failed.reason !== null && `: ${failed.reason}`}
      </p>
      <p className="mt-0.5 text-[0.8125rem]">
        {failed.attempt !== null && `Attempt ${failed.attempt}. `}
        {failed.nextAttemptAt === null ? (
          'Stripe does not try again by itself.'
        ) : (
          <>
            Stripe tries again <DayTime at={failed.nextAttemptAt} />.
          </>
        )}
      </p>
      {failed.hostedInvoiceUrl !== null && (
        <a
          href={failed.hostedInvoiceUrl}
          target="_blank"
          rel="noreferrer"
          className="mt-1 inline-flex items-center gap-1 font-medium underline underline-offset-2"
        >
          Invoice page for the customer <ExternalLink className="size-3.5" aria-hidden />
        </a>
      )}
    </div>
  );
}

function StripeLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer"
      className="inline-flex items-center gap-1 font-medium underline decoration-line-strong/50 underline-offset-2"
    >
      {children}
      <ExternalLink className="size-3.5 text-ink-3" aria-label="in Stripe" />
    </a>
  );
}

function Subscriptions({ subscriptions }: { subscriptions: ContactPage['subscriptions'] }) {
  if (subscriptions.length === 0) return null;
  return (
    <details className="mt-4 border-t pt-3" open={subscriptions.length > 1}>
      <summary className="font-medium">
        Subscriptions ({subscriptions.length})
        {subscriptions.length > 1 && (
          <span className="font-normal text-ink-3">: the status above is the most urgent one</span>
        )}
      </summary>
      <ul className="mt-2 space-y-2.5">
        {subscriptions.map((one) => (
          <li key={one.id}>
            <div className="flex flex-wrap justify-between gap-x-3">
              <StripeLink href={one.url}>{one.plans.map((plan) => plan.name).join(', ') || one.id}</StripeLink>
              <span className="text-ink-2">{one.statusLabel}</span>
            </div>
            <p className="text-[0.8125rem] text-ink-3">
              {one.plans
                .map((plan) =>
                  [plan.price, plan.quantity !== null && plan.quantity > 1 ? `× ${plan.quantity}` : '']
                    .filter(Boolean)
                    .join(' '),
                )
                .filter(Boolean)
                .join(', ')}
              {one.endedAt !== null && (
                <>
                  {' '}
                  ended <TimeAgo at={one.endedAt} />
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Invoices({ invoices }: { invoices: ContactPage['invoices'] }) {
  if (invoices.length === 0) return null;
  return (
    <details className="mt-3 border-t pt-3">
      <summary className="font-medium">Last invoices</summary>
      <ul className="mt-2 space-y-1.5">
        {invoices.map((one) => (
          <li key={one.id} className="flex flex-wrap justify-between gap-x-3">
            <StripeLink href={one.url}>{one.number ?? 'Invoice'}</StripeLink>
            <span className="tabular-nums">
              {one.amount?.formatted} <span className="text-ink-3">{one.status}</span>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

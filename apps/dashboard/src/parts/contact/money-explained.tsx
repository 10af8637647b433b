import type { BillingExplanation, ExplainedLine } from '@growthos/contracts/http/explain.ts';
import { Calculator, CircleAlert } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useBillingExplanation } from '../../api/contacts.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { DayTime } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';

type Subscription = BillingExplanation['mrr']['subscriptions'][number];
type Figure = Pick<BillingExplanation['mrr'], 'total' | 'byCurrency' | 'conversions' | 'missingRates'>;
type Warning = BillingExplanation['warnings'][number];

/** A button that shows both figures as sums: every addend and every word is the server's, nothing is computed here. */
export function MoneyExplained({ contactId, name }: { contactId: string; name: string }) {
  const [isOpen, setOpen] = useState(false);
  const explanation = useBillingExplanation(contactId, isOpen);
  return (
    <>
      <Button size="sm" className="mt-3" onClick={() => setOpen(true)}>
        <Calculator aria-hidden /> How is this counted?
      </Button>
      <Dialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title={`How the money of ${name} is counted`}
        says="Every line that goes into the two figures, as Stripe told us."
        place="side"
        size="md"
      >
        <Answer query={explanation}>
          {(data) => (
            <div className="space-y-7">
              {data.warnings.length > 0 && <Warnings warnings={data.warnings} />}
              <Mrr mrr={data.mrr} />
              <LifetimeValue ltv={data.ltv} />
            </div>
          )}
        </Answer>
      </Dialog>
    </>
  );
}

function Warnings({ warnings }: { warnings: readonly Warning[] }) {
  return (
    <ul className="space-y-1.5 text-[0.8125rem] text-warn">
      {warnings.map((warning) => (
        <li key={`${warning.name} ${warning.subjectId}`} className="flex gap-1.5">
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          <span className="min-w-0">
            {warning.says}
            {warning.subjectId !== null && <code className="ml-1 text-xs break-all">{warning.subjectId}</code>}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A line of a sum: what it is, how it came about, and its amount in a column of its own. */
function Addend({ label, amount, children }: { label: ReactNode; amount: string | null; children?: ReactNode }) {
  return (
    <li className="flex justify-between gap-4 py-2">
      <div className="min-w-0">
        <p className="break-words">{label}</p>
        <div className="text-[0.8125rem] text-ink-3">{children}</div>
      </div>
      <span className="shrink-0 text-right tabular-nums">{amount ?? 'Not known'}</span>
    </li>
  );
}

function Sum({ label, figure }: { label: string; figure: Figure }) {
  const { total, byCurrency, conversions, missingRates } = figure;
  const isConverted = conversions.some((one) => one.source === 'tenant_rate' || one.source === 'implied_rate');
  return (
    <div className="mt-1 border-t-2 pt-2">
      {byCurrency.length > 1 && (
        <p className="mb-1 flex justify-between gap-4 text-ink-2">
          <span>By currency</span>
          <span className="text-right tabular-nums">{byCurrency.map((one) => one.formatted).join(', ')}</span>
        </p>
      )}
      {isConverted &&
        conversions.map((one) => (
          <p key={one.amount?.currency ?? one.rateText} className="text-[0.8125rem] text-ink-3">
            {one.amount?.formatted ?? 'Unknown'} counts as {one.converted?.formatted ?? 'unknown'}
            {one.rateText !== null && ` (${one.rateText})`}
          </p>
        ))}
      <p className="flex justify-between gap-4 font-semibold">
        <span>{label}</span>
        <span className="shrink-0 tabular-nums">{total?.formatted ?? 'No single figure'}</span>
      </p>
      {missingRates.length > 0 && (
        <p className="mt-1 text-[0.8125rem] text-warn">
          No exchange rate for {missingRates.map((one) => one.toUpperCase()).join(', ')}. You can give one in Settings.
        </p>
      )}
    </div>
  );
}

function Mrr({ mrr }: { mrr: BillingExplanation['mrr'] }) {
  return (
    <section>
      <h3 className="mb-1 font-semibold">A month (MRR)</h3>
      {mrr.subscriptions.length === 0 && <p className="text-ink-2">No subscription is known.</p>}
      <ul className="space-y-3">
        {mrr.subscriptions.map((one) => (
          <SubscriptionSum key={one.subscriptionId} subscription={one} />
        ))}
      </ul>
      <Sum label="MRR" figure={mrr} />
    </section>
  );
}

function SubscriptionSum({ subscription }: { subscription: Subscription }) {
  const { subscriptionId, status, amount, reasonText, lines, warnings } = subscription;
  return (
    <li className="rounded-lg border px-3 py-2.5">
      <p className="flex justify-between gap-4 font-medium">
        <span className="min-w-0 first-letter:uppercase">{(status ?? 'Subscription').replaceAll('_', ' ')}</span>
        <span className="shrink-0 tabular-nums">{amount?.formatted ?? 'Not known'}</span>
      </p>
      <p className="text-[0.8125rem] text-ink-2">
        {reasonText} <code className="text-xs break-all text-ink-3">{subscriptionId}</code>
      </p>
      {lines.length > 0 && (
        <ul className="mt-1.5 divide-y border-t">
          {lines.map((line, index) => (
            <Addend key={`${index} ${line.label}`} label={line.label} amount={line.perMonthShown}>
              <HowLine line={line} />
            </Addend>
          ))}
        </ul>
      )}
      {warnings.length > 0 && (
        <div className="mt-2">
          <Warnings warnings={warnings} />
        </div>
      )}
    </li>
  );
}

/** Quantity and price step by step, then from the period of the price to a month. */
function HowLine({ line }: { line: ExplainedLine }) {
  const { steps, perPeriod, interval, factor, quantity } = line;
  return (
    <>
      {steps.map((step) => (
        <p key={`${step.upTo} ${step.units}`}>
          {step.units} × {step.unitShown ?? 'an unknown price'}
          {step.flatShown !== null && ` + ${step.flatShown}`}
          {(steps.length > 1 || step.flatShown !== null) && ` = ${step.amountShown ?? 'not known'}`}
          {step.upTo !== null && ` (tier up to ${step.upTo.toLocaleString('en')})`}
        </p>
      ))}
      {steps.length === 0 && quantity !== null && <p>Quantity {quantity.toLocaleString('en')}</p>}
      {perPeriod !== null && factor !== null && (
        <p>
          {perPeriod.formatted} every {(interval ?? 'period').replace(/^1 /, '')}
          {factor !== '1' && `, × ${factor} for a month`}
        </p>
      )}
    </>
  );
}

function LifetimeValue({ ltv }: { ltv: BillingExplanation['ltv'] }) {
  const newestFirst = ltv.lines.toSorted((left, right) => (right.at ?? '').localeCompare(left.at ?? ''));
  return (
    <section>
      <h3 className="font-semibold">Lifetime value</h3>
      {ltv.lines.length === 0 && <p className="mt-1 text-ink-2">Nothing was paid yet.</p>}
      <ul className="divide-y">
        {newestFirst.map((line) => (
          <Addend key={`${line.kind} ${line.subjectId}`} label={line.label} amount={line.amount?.formatted ?? null}>
            {line.at !== null && (
              <>
                <DayTime at={line.at} />,{' '}
              </>
            )}
            <code className="text-xs break-all">{line.subjectId}</code>
          </Addend>
        ))}
      </ul>
      <Sum label="Lifetime value" figure={ltv} />
    </section>
  );
}

import { BillingExplanation as Shape } from '@growthos/contracts/http/explain.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { fromEpochS } from '#base/clock.ts';
import { BILLING_WARNINGS, type BillingExplanation, type BillingWarning } from '#project/index.ts';
import { moneyView, unitAmountText } from '#view/index.ts';

export interface ExplainDeps {
  /** @throws NotFoundError */
  explain(input: { workspaceId: string; contactId: string }): Promise<BillingExplanation>;
}

/** `/api/contacts/:id/billing/explanation`: how MRR and lifetime value came about. */
export function explainRoutes(deps: ExplainDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/contacts/:id/billing/explanation',
      {
        schema: {
          tags: ['Contacts'],
          summary: 'MRR and lifetime value, line by line',
          params: z.object({ id: z.string().max(100) }),
          response: { 200: Shape },
        },
      },
      async (request) =>
        shown(await deps.explain({ workspaceId: request.access.workspaceId, contactId: request.params.id })),
    );
  };
}

function shown(explanation: BillingExplanation): Shape {
  const { mrr, ltv, summary } = explanation;
  return {
    mrr: {
      ...figure(mrr),
      subscriptions: mrr.subscriptions.map((subscription) => ({
        ...subscription,
        amount: moneyView(subscription.amountMinor, subscription.currency),
        lines: subscription.lines.map(({ perPeriodMinor, ...line }) => ({
          ...line,
          perMonthShown: unitAmountText(line.approximateMinor, subscription.currency),
          steps: line.steps.map((step) => ({
            ...step,
            unitShown: unitAmountText(step.unitAmountMinor, subscription.currency),
            flatShown:
              step.flatAmountMinor === '0' ? null : unitAmountText(step.flatAmountMinor, subscription.currency),
            amountShown: unitAmountText(step.amountMinor, subscription.currency),
          })),
          perPeriod: moneyView(perPeriodMinor, subscription.currency),
        })),
        warnings: subscription.warnings.map(warning),
      })),
    },
    ltv: {
      ...figure(ltv),
      lines: ltv.lines.map(({ atS, amountMinor, currency, ...line }) => ({
        ...line,
        amount: moneyView(amountMinor, currency),
        at: atS === null ? null : fromEpochS(atS).toISOString(),
      })),
    },
    warnings: summary.warningDetails.map(warning),
  };
}

function figure(part: BillingExplanation['mrr'] | BillingExplanation['ltv']) {
  return {
    total: moneyView(part.totalMinor, part.currency),
    byCurrency: Object.entries(part.byCurrency).flatMap(([currency, amount]) => moneyView(amount, currency) ?? []),
    conversions: part.conversions.map(({ currency, amountMinor, convertedMinor, source, rateText }) => ({
      amount: moneyView(amountMinor, currency),
      converted: moneyView(convertedMinor, part.currency),
      source,
      rateText,
    })),
    missingRates: [...part.missingRates],
  };
}

function warning({ name, subjectId }: BillingWarning) {
  return { name, says: BILLING_WARNINGS[name], subjectId };
}

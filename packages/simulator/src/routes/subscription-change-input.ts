import type { ItemChange, SubscriptionChange } from '#billing/update-subscription.ts';
import type { Call } from '#http/api.ts';
import type { Input } from '#http/input.ts';
import type { SubscriptionRow } from '#store/subscription.ts';
import { cancelAtOf, COLLECTION_METHODS, discountsOf, trialEndBehaviorOf } from './subscription-create-input.ts';

/** Only what was said; everything else stays as it is. */
export function changeInput(call: Call, row: SubscriptionRow): SubscriptionChange {
  const { input } = call;
  return { ...planPart(input, row), ...endPart(input, row), ...termsPart(input, row) };
}

function planPart(input: Input, row: SubscriptionRow): SubscriptionChange {
  const items = input.hashes('items')?.map(itemChange);
  const only = row.items[0];
  const legacyPrice = input.text('price') ?? input.text('plan');
  const quantity = input.integer('quantity');
  const legacy =
    items === undefined && only && (legacyPrice !== undefined || quantity !== undefined)
      ? [
          {
            id: only.id,
            ...(legacyPrice === undefined ? {} : { price: legacyPrice }),
            ...(quantity === undefined ? {} : { quantity }),
          },
        ]
      : undefined;
  const changes = items ?? legacy;
  const proration = input.oneOf('proration_behavior', ['create_prorations', 'always_invoice', 'none']);
  const discounts = discountsOf(input);
  return {
    ...(changes === undefined ? {} : { items: changes }),
    ...(proration === undefined ? {} : { prorationBehavior: proration }),
    ...(discounts === undefined ? {} : { discounts }),
    ...(input.text('billing_cycle_anchor') === 'now' ? { resetAnchor: true } : {}),
  };
}

function itemChange(input: Input): ItemChange {
  const [id, quantity] = [input.text('id'), input.integer('quantity')];
  const price = input.text('price') ?? input.text('plan');
  const metadata = input.metadata();
  return {
    ...(id === undefined ? {} : { id }),
    ...(price === undefined ? {} : { price }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(metadata === undefined ? {} : { metadata }),
    deleted: input.flag('deleted') ?? false,
  };
}

function endPart(input: Input, row: SubscriptionRow): SubscriptionChange {
  const word = input.text('cancel_at');
  const isWord = word === 'min_period_end' || word === 'max_period_end';
  const cancelAt = isWord ? row.periodEnd : cancelAtOf(input);
  const flag = input.flag('cancel_at_period_end');
  const details = input.hash('cancellation_details');
  const [comment, feedback] = [details?.clearable('comment'), details?.clearable('feedback')];
  const trialEnd = input.text('trial_end') === 'now' ? ('now' as const) : input.integer('trial_end');
  return {
    ...(cancelAt === undefined ? {} : { cancelAt }),
    ...(flag === undefined ? {} : { cancelAtPeriodEnd: flag }),
    ...(details === undefined
      ? {}
      : {
          cancellation: {
            ...(comment === undefined ? {} : { comment }),
            ...(feedback === undefined ? {} : { feedback }),
          },
        }),
    ...(trialEnd === undefined ? {} : { trialEnd }),
  };
}

function termsPart(input: Input, row: SubscriptionRow): SubscriptionChange {
  const pause = input.hash('pause_collection');
  const isPauseCleared = input.isCleared('pause_collection');
  const metadata = input.metadata(row.metadata);
  const method = input.clearable('default_payment_method');
  const description = input.clearable('description');
  const collection = input.oneOf('collection_method', COLLECTION_METHODS);
  const daysUntilDue = input.integer('days_until_due');
  const trialEndBehavior = trialEndBehaviorOf(input);
  return {
    ...(isPauseCleared ? { pauseCollection: null } : {}),
    ...(pause === undefined
      ? {}
      : {
          pauseCollection: {
            behavior: pause.oneOf('behavior', ['void', 'keep_as_draft', 'mark_uncollectible']) ?? 'void',
            resumesAt: pause.integer('resumes_at') ?? null,
          },
        }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(method === undefined ? {} : { defaultPaymentMethod: method }),
    ...(description === undefined ? {} : { description }),
    ...(collection === undefined ? {} : { collectionMethod: collection }),
    ...(daysUntilDue === undefined ? {} : { daysUntilDue }),
    ...(trialEndBehavior === undefined ? {} : { trialEndBehavior }),
  };
}

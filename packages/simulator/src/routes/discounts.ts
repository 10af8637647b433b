import { createCoupon, createPromotionCode } from '#billing/catalogue.ts';
import { couponOf } from '#billing/discounts.ts';
import { announce, change } from '#billing/record.ts';
import { missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { timeFilter } from '#http/page.ts';
import { renderCoupon, renderPromotionCode } from '#render/discount.ts';
import type { PromotionCodeRow } from '#store/discount.ts';

export function couponRoutes(api: Api): void {
  api.on({ method: 'POST', path: '/v1/coupons', resource: 'coupon' }, (call) => {
    const { input } = call;
    const id = input.text('id');
    const row = createCoupon(call.scope, {
      ...(id === undefined ? {} : { id }),
      name: input.text('name') ?? null,
      percentOff: input.number('percent_off') ?? null,
      amountOff: input.integer('amount_off') ?? null,
      currency: input.text('currency') ?? null,
      duration: input.oneOf('duration', ['forever', 'once', 'repeating']) ?? 'once',
      durationInMonths: input.integer('duration_in_months') ?? null,
      maxRedemptions: input.integer('max_redemptions') ?? null,
      redeemBy: input.integer('redeem_by') ?? null,
      metadata: input.metadata() ?? {},
      appliesToProducts: input.hash('applies_to')?.texts('products') ?? [],
    });
    return call.show('coupon', row);
  });
  api.on({ method: 'GET', path: '/v1/coupons', resource: 'coupon' }, (call) => {
    const isCreated = timeFilter(call.input);
    return call.list(call.state.coupons, { keep: (row) => isCreated(row.created) }, renderCoupon);
  });
  api.on({ method: 'GET', path: '/v1/coupons/:id', resource: 'coupon' }, (call) =>
    call.show('coupon', couponOf(call.scope, call.param('id'), 'id')),
  );
  api.on({ method: 'POST', path: '/v1/coupons/:id', resource: 'coupon' }, (call) => {
    const row = couponOf(call.scope, call.param('id'), 'id');
    change(call.scope, { kind: 'coupon', row, type: 'coupon.updated' }, () => {
      row.name = call.input.text('name') ?? row.name;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    return call.show('coupon', row);
  });
  api.on({ method: 'DELETE', path: '/v1/coupons/:id', resource: 'coupon' }, (call) => {
    const row = couponOf(call.scope, call.param('id'), 'id');
    announce(call.scope, 'coupon.deleted', 'coupon', row);
    row.deleted = true;
    return { id: row.id, object: 'coupon', deleted: true };
  });
}

export function promotionCodeRoutes(api: Api): void {
  const resource = 'promotion_code';
  api.on({ method: 'POST', path: '/v1/promotion_codes', resource }, create);
  api.on({ method: 'GET', path: '/v1/promotion_codes', resource }, (call) => {
    const { input } = call;
    const [code, coupon, customer, active] = [
      input.text('code'),
      input.text('coupon'),
      input.text('customer'),
      input.flag('active'),
    ];
    const isCreated = timeFilter(input);
    return call.list(
      call.state.promotionCodes,
      {
        keep: (row) =>
          isCreated(row.created) &&
          (code === undefined || row.code.toLowerCase() === code.toLowerCase()) &&
          (coupon === undefined || row.coupon === coupon) &&
          (customer === undefined || row.customer === customer) &&
          (active === undefined || row.active === active),
      },
      renderPromotionCode,
    );
  });
  api.on({ method: 'GET', path: '/v1/promotion_codes/:id', resource }, (call) =>
    call.show('promotion_code', codeOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/promotion_codes/:id', resource }, (call) => {
    const row = codeOf(call);
    change(call.scope, { kind: 'promotion_code', row, type: 'promotion_code.updated' }, () => {
      row.active = call.input.flag('active') ?? row.active;
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
    });
    return call.show('promotion_code', row);
  });
}

function create(call: Call): ReturnType<Call['show']> {
  const { input } = call;
  const restrictions = input.hash('restrictions');
  const code = input.text('code');
  const row = createPromotionCode(call.scope, {
    coupon: input.hash('promotion')?.text('coupon') ?? input.required('coupon'),
    ...(code === undefined ? {} : { code }),
    active: input.flag('active') ?? true,
    customer: input.text('customer') ?? null,
    expiresAt: input.integer('expires_at') ?? null,
    maxRedemptions: input.integer('max_redemptions') ?? null,
    firstTimeTransaction: restrictions?.flag('first_time_transaction') ?? false,
    minimumAmount: restrictions?.integer('minimum_amount') ?? null,
    minimumAmountCurrency: restrictions?.text('minimum_amount_currency') ?? null,
    metadata: input.metadata() ?? {},
  });
  return call.show('promotion_code', row);
}

function codeOf(call: Call): PromotionCodeRow {
  const row = call.state.promotionCodes.get(call.param('id'));
  if (!row) throw missing('promotion code', call.param('id'));
  return row;
}

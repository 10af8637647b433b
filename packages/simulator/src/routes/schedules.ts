import { addMonths } from '#billing/period.ts';
import { change } from '#billing/record.ts';
import { cancelSchedule, createSchedule, releaseSchedule, setPhaseTimers } from '#billing/schedules.ts';
import { nowS, priceOf } from '#billing/scope.ts';
import { missing } from '#errors.ts';
import type { Api, Call } from '#http/api.ts';
import { renderSchedule } from '#render/subscription.ts';
import type { SchedulePhase, ScheduleRow } from '#store/subscription.ts';

export function scheduleRoutes(api: Api): void {
  const resource = 'subscription';
  api.on({ method: 'POST', path: '/v1/subscription_schedules', resource }, (call) => {
    const { input } = call;
    const [customer, from] = [input.text('customer'), input.text('from_subscription')];
    const start =
      input.text('start_date') === 'now' ? nowS(call.scope) : (input.integer('start_date') ?? nowS(call.scope));
    const row = createSchedule(call.scope, {
      ...(customer === undefined ? {} : { customer }),
      ...(from === undefined ? {} : { fromSubscription: from }),
      phases: phasesOf(call, start),
      endBehavior: input.oneOf('end_behavior', ['release', 'cancel']) ?? 'release',
      metadata: input.metadata() ?? {},
    });
    return call.show('subscription_schedule', row);
  });
  api.on({ method: 'GET', path: '/v1/subscription_schedules', resource }, (call) => {
    const customer = call.input.text('customer');
    return call.list(
      call.state.schedules,
      { keep: () => true, ...(customer === undefined ? {} : { within: call.state.schedules.inGroup(customer) }) },
      renderSchedule,
    );
  });
  api.on({ method: 'GET', path: '/v1/subscription_schedules/:id', resource }, (call) =>
    call.show('subscription_schedule', scheduleOf(call)),
  );
  api.on({ method: 'POST', path: '/v1/subscription_schedules/:id', resource }, (call) => {
    const row = scheduleOf(call);
    change(call.scope, { kind: 'subscription_schedule', row, type: 'subscription_schedule.updated' }, () => {
      row.metadata = call.input.metadata(row.metadata) ?? row.metadata;
      row.endBehavior = call.input.oneOf('end_behavior', ['release', 'cancel']) ?? row.endBehavior;
      if (call.input.has('phases')) row.phases = phasesOf(call, row.phases[0]?.startDate ?? nowS(call.scope));
    });
    setPhaseTimers(call.scope, row);
    return call.show('subscription_schedule', row);
  });
  api.on({ method: 'POST', path: '/v1/subscription_schedules/:id/release', resource }, (call) => {
    const row = scheduleOf(call);
    releaseSchedule(call.scope, row);
    return call.show('subscription_schedule', row);
  });
  api.on({ method: 'POST', path: '/v1/subscription_schedules/:id/cancel', resource }, (call) => {
    const row = scheduleOf(call);
    cancelSchedule(call.scope, row);
    return call.show('subscription_schedule', row);
  });
}

/** Each phase follows the one before; its length is given by a date, a duration or a number of iterations. */
function phasesOf(call: Call, startS: number): SchedulePhase[] {
  let start = startS;
  return (call.input.hashes('phases') ?? []).map((phase) => {
    const items = (phase.hashes('items') ?? []).map((item) => ({
      price: priceOf(call.scope, item.text('price') ?? item.required('plan')).id,
      quantity: item.integer('quantity') ?? 1,
    }));
    const duration = phase.hash('duration');
    const months = duration?.text('interval') === 'year' ? 12 : 1;
    const count = duration?.integer('interval_count') ?? phase.integer('iterations') ?? 1;
    const end = phase.integer('end_date') ?? addMonths(start, months * count);
    const made: SchedulePhase = {
      startDate: start,
      endDate: end,
      items,
      metadata: phase.metadata() ?? {},
      prorationBehavior: phase.text('proration_behavior') ?? 'create_prorations',
    };
    start = end;
    return made;
  });
}

function scheduleOf(call: Call): ScheduleRow {
  const row = call.state.schedules.get(call.param('id'));
  if (!row) throw missing('subscription schedule', call.param('id'));
  return row;
}

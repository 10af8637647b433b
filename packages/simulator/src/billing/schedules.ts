import { invalid } from '#errors.ts';
import type { Metadata } from '#store/customer.ts';
import type { SchedulePhase, ScheduleRow } from '#store/subscription.ts';
import { cancelNow } from './cancel.ts';
import { announce, change } from './record.ts';
import { customerOf, nowS, type Scope, subscriptionOf } from './scope.ts';
import { createSubscription } from './subscribe.ts';
import { updateSubscription } from './update-subscription.ts';

export interface NewSchedule {
  readonly customer?: string;
  /** Take over a running subscription: its present state is the first phase. */
  readonly fromSubscription?: string;
  readonly phases: readonly SchedulePhase[];
  readonly endBehavior: 'release' | 'cancel';
  readonly metadata?: Metadata;
}

export function createSchedule(scope: Scope, input: NewSchedule): ScheduleRow {
  const running =
    input.fromSubscription === undefined ? null : subscriptionOf(scope, input.fromSubscription, 'from_subscription');
  const phases: SchedulePhase[] = running
    ? [
        {
          startDate: running.periodStart,
          endDate: running.periodEnd,
          items: running.items.map((item) => ({ price: item.price, quantity: item.quantity })),
          metadata: {},
          prorationBehavior: 'create_prorations',
        },
      ]
    : [...input.phases];
  const first = phases[0];
  if (!first) throw invalid('Missing required param: phases.', 'phases', 'parameter_missing');
  const row = scope.state.schedules.add({
    id: `sub_sched_1${scope.world.chance.text(23)}`,
    created: nowS(scope),
    customer: running?.customer ?? customerOf(scope, input.customer ?? '').id,
    subscription: running?.id ?? null,
    releasedSubscription: null,
    status: running ? 'active' : 'not_started',
    endBehavior: input.endBehavior,
    phases,
    canceledAt: null,
    completedAt: null,
    releasedAt: null,
    metadata: { ...input.metadata },
  });
  announce(scope, 'subscription_schedule.created', 'subscription_schedule', row);
  if (running) updateSubscription(scope, running, { schedule: row.id });
  setPhaseTimers(scope, row);
  if (!running && first.startDate <= nowS(scope)) startDuePhase(scope, row.id);
  return row;
}

export function setPhaseTimers(scope: Scope, row: ScheduleRow): void {
  for (const phase of row.phases) {
    for (const at of [phase.startDate, phase.endDate]) {
      if (at > nowS(scope)) scope.world.setTimer(scope.state, 'schedule_phase', row.id, at);
    }
  }
}

/** Puts the phase that holds now into force, or ends the schedule when none is left. */
export function startDuePhase(scope: Scope, id: string): void {
  const row = scope.state.schedules.get(id);
  if (!row || (row.status !== 'active' && row.status !== 'not_started')) return;
  const now = nowS(scope);
  const phase = row.phases.find((candidate) => candidate.startDate <= now && now < candidate.endDate);
  if (!phase) {
    if (row.phases.every((candidate) => candidate.endDate <= now)) complete(scope, row);
    return;
  }
  change(
    scope,
    { kind: 'subscription_schedule', row, type: row.subscription === null ? null : 'subscription_schedule.updated' },
    () => {
      row.status = 'active';
      row.subscription ??= createSubscription(scope, { customer: row.customer, items: phase.items }).id;
    },
  );
  const subscription = subscriptionOf(scope, row.subscription ?? '');
  const wanted = JSON.stringify(phase.items);
  const has = JSON.stringify(subscription.items.map((item) => ({ price: item.price, quantity: item.quantity })));
  if (subscription.schedule !== row.id) updateSubscription(scope, subscription, { schedule: row.id });
  if (wanted === has || subscription.endedAt !== null) return;
  const kept = subscription.items[0];
  updateSubscription(scope, subscription, {
    items: [
      ...phase.items.map((item, index) => (index === 0 && kept ? { id: kept.id, ...item } : item)),
      ...subscription.items.slice(1).map((item) => ({ id: item.id, deleted: true })),
    ],
    prorationBehavior: phase.prorationBehavior === 'none' ? 'none' : 'create_prorations',
  });
}

function complete(scope: Scope, row: ScheduleRow): void {
  if (row.endBehavior === 'release') {
    releaseSchedule(scope, row);
    return;
  }
  row.status = 'completed';
  row.completedAt = nowS(scope);
  announce(scope, 'subscription_schedule.completed', 'subscription_schedule', row);
  const subscription = row.subscription === null ? undefined : scope.state.subscriptions.get(row.subscription);
  if (subscription && subscription.endedAt === null) cancelNow(scope, subscription, {});
}

/** The subscription goes on without the schedule. */
export function releaseSchedule(scope: Scope, row: ScheduleRow): void {
  const subscription = row.subscription === null ? undefined : scope.state.subscriptions.get(row.subscription);
  row.status = 'released';
  row.releasedAt = nowS(scope);
  row.releasedSubscription = row.subscription;
  row.subscription = null;
  announce(scope, 'subscription_schedule.released', 'subscription_schedule', row);
  if (subscription && subscription.endedAt === null) updateSubscription(scope, subscription, { schedule: null });
}

export function cancelSchedule(scope: Scope, row: ScheduleRow): void {
  row.status = 'canceled';
  row.canceledAt = nowS(scope);
  announce(scope, 'subscription_schedule.canceled', 'subscription_schedule', row);
  const subscription = row.subscription === null ? undefined : scope.state.subscriptions.get(row.subscription);
  if (subscription && subscription.endedAt === null) cancelNow(scope, subscription, {});
}

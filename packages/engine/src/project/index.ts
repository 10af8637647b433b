export { oneOffChargeWorker } from './apply/one-off-charges.ts';
export { applyStripeEvents } from './apply/stripe-events.ts';
export { applyStripeObjects } from './apply/stripe-objects.ts';
export { applyTrackEvents } from './apply/track-events.ts';
export { BillingSettingsSchema } from './billing/settings.ts';
export { engagementWorker } from './engagement/engagement-worker.ts';
export { checkBillingCase } from './billing/cases/billing-case.ts';
export { CaseFormatError, type CaseRecord, type Mismatch } from './billing/cases/case-file.ts';
export { checkPlanChangeCase } from './billing/cases/plan-change-case.ts';

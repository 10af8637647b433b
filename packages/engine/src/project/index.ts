export { oneOffChargeWorker } from './apply/one-off-charges.ts';
export { applyStripeEvents } from './apply/stripe-events.ts';
export { applyStripeObjects } from './apply/stripe-objects.ts';
export { applyTrackEvents } from './apply/track-events.ts';
export { BillingSettingsSchema } from './billing/settings.ts';
export { engagementWorker } from './engagement/engagement-worker.ts';

import { z } from 'zod';

/**
 * What a message is about: people opt out per category. `transactional` is about their own account (a payment that
 * failed): it is exempt from frequency caps, has no unsubscribe link, and must hold nothing promotional.
 */
export const MESSAGE_CATEGORIES = {
  transactional: {
    label: 'Account and billing notices',
    says: 'About your own account, such as a payment that failed. Always sent.',
    isOptional: false,
  },
  product: { label: 'Trial and product tips', says: 'Your trial, your plan, and getting started.', isOptional: true },
  marketing: { label: 'Offers and news', says: 'Discounts, invitations and news.', isOptional: true },
} as const;

export type MessageCategory = keyof typeof MESSAGE_CATEGORIES;
export const MessageCategory = z.enum(['transactional', 'product', 'marketing']);

export const MESSAGE_CHANNELS = ['email', 'in_app', 'team', 'webhook'] as const;
export const MessageChannel = z.enum(MESSAGE_CHANNELS);
export type MessageChannel = z.infer<typeof MessageChannel>;

export const MESSAGE_STATUSES = [
  'requested',
  'ready',
  'sending',
  'sent',
  'skipped',
  'withdrawn',
  'failed',
  'uncertain',
] as const;
export const MessageStatus = z.enum(MESSAGE_STATUSES);
export type MessageStatus = z.infer<typeof MessageStatus>;

import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import type { SequenceTemplate } from './index.ts';

const stillTrialing: Condition = {
  kind: 'contact',
  filter: {
    version: 1,
    where: {
      op: 'and',
      of: [
        { op: 'text', property: 'billing_status', is: 'is', values: ['trialing'] },
        { op: 'presence', property: 'cancels_at', is: 'not_exists' },
      ],
    },
  },
};

/** Starts by the date itself: Stripe's own notice comes at once for short trials, and doesn't follow a trial that moves. */
export const TRIAL_EXPIRY: SequenceTemplate = {
  key: 'trial_expiry',
  says: 'Three days before a trial ends: an e-mail, with a personal discount for those who use the product a lot. Whoever converts gets nothing more.',
  definition: {
    name: 'Trial expiry',
    description:
      'Tells people that their trial ends, once for each trial end. The discount is a code that you made in Stripe.',
    trigger: {
      kind: 'date',
      property: 'trial_end_date',
      offset: { days: -3 },
      contact: stillTrialing,
    },
    reentry: { rule: 'once_per', field: 'date' },
    exits: {
      goals: [
        { type: 'trial_converted' },
        { type: 'subscription_canceled', isSuccess: false },
        {
          type: 'subscription_updated',
          where: [{ field: 'change', op: 'is', value: 'cancel_scheduled' }],
          isSuccess: false,
        },
      ],
      keepWhile: stillTrialing,
    },
    category: 'product',
    priority: 70,
    steps: [
      {
        id: 'expires_email',
        name: 'E-mail: your trial expires',
        kind: 'email',
        promotion: { tiers: [{ engagementScoreMin: 60, code: 'STAY20' }] },
        content: {
          format: 'designed',
          subject: 'Your trial expires {{ contact.trial_end_date | in_days }}',
          preheader: 'What happens then, and how to keep what you have made.',
          blocks: [
            { kind: 'heading', text: 'Your trial expires {{ contact.trial_end_date | in_days }}' },
            {
              kind: 'text',
              text: 'Hi {{ contact.name | first_name | default: "there" }}, your trial of {{ contact.plan_name | default: workspace.name }} ends on {{ contact.trial_end_date | day }}.',
            },
            {
              kind: 'text',
              text: '{% if promotion.code %}You have made good use of it, so here is something for the start: {{ promotion.words }}.{% else %}To keep what you have made, add a payment method before then.{% endif %}',
            },
            { kind: 'code', label: 'Your code', code: '{{ promotion.code | default: "" }}' },
            {
              kind: 'button',
              label: 'Keep my plan',
              url: '{{ promotion.url | default: links.checkout | default: "" }}',
            },
          ],
        },
      },
      {
        id: 'wait_last_day',
        name: 'Wait until the last day',
        kind: 'wait_until',
        until: { kind: 'contact_date', property: 'trial_end_date', offset: { days: -1 } },
      },
      {
        id: 'last_day',
        name: 'In the app: last day',
        kind: 'in_app',
        expiresAfter: { days: 1 },
        content: {
          style: 'card',
          title: 'Your trial ends {{ contact.trial_end_date | in_days }}',
          body: 'Add a payment method to keep going without a break.',
          cta: { label: 'Keep my plan', url: '{{ links.checkout | default: "" }}' },
          canSnooze: true,
        },
      },
    ],
  },
};

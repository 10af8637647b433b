import type { SequenceTemplate } from './index.ts';

/** Only a change that Stripe's figures call an upgrade: monthly to yearly, more seats or an ended discount are none. */
export const UPGRADE_CELEBRATION: SequenceTemplate = {
  key: 'upgrade_celebration',
  says: 'Confetti in the app, once, and a welcome e-mail when somebody moves to a bigger plan.',
  definition: {
    name: 'Upgrade celebration',
    description: 'Celebrates an upgrade: confetti in the app once, and "Welcome to Pro!" by e-mail.',
    trigger: {
      kind: 'event',
      type: 'subscription_updated',
      where: [{ field: 'change', op: 'is', value: 'upgrade' }],
    },
    reentry: { rule: 'always' },
    exits: {
      goals: [
        {
          type: 'subscription_updated',
          where: [{ field: 'change', op: 'is', value: 'downgrade' }],
          match: [{ field: 'subscription_id', equals: 'subscription_id' }],
          isSuccess: false,
        },
        {
          type: 'subscription_canceled',
          match: [{ field: 'subscription_id', equals: 'subscription_id' }],
          isSuccess: false,
        },
      ],
    },
    category: 'product',
    priority: 30,
    steps: [
      {
        id: 'confetti',
        name: 'Confetti in the app',
        kind: 'in_app',
        content: {
          style: 'confetti',
          title: 'Welcome to {{ plan.name | default: "your new plan" }}!',
          body: 'Everything in it is yours from now on.',
        },
        expiresAfter: { days: 14 },
      },
      {
        id: 'welcome_email',
        name: 'E-mail: welcome to the new plan',
        kind: 'email',
        content: {
          format: 'designed',
          subject: 'Welcome to {{ plan.name | default: "your new plan" }}!',
          preheader: 'Everything in it is yours from now on.',
          blocks: [
            { kind: 'heading', text: 'Welcome to {{ plan.name | default: "your new plan" }}!' },
            {
              kind: 'text',
              text: 'Hi {{ contact.name | first_name | default: "there" }}, thank you for moving up. Everything in {{ plan.name | default: "your new plan" }} is yours from now on.',
            },
            { kind: 'text', text: 'Tell us what you want to do first and we will show you the short way: just reply.' },
          ],
        },
      },
    ],
  },
};

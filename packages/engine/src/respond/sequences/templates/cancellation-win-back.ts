import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import type { SequenceTemplate } from './index.ts';

const stillGone: Condition = {
  kind: 'contact',
  filter: {
    version: 1,
    where: { op: 'text', property: 'billing_status', is: 'is', values: ['canceled', 'none', 'incomplete_expired'] },
  },
};

/** Who left is asked why and, a week later, invited back; whose payment failed is only helped to come back. */
export const CANCELLATION_WIN_BACK: SequenceTemplate = {
  key: 'cancellation_win_back',
  says: 'After a cancellation: those who chose to leave are asked why and invited back with an offer; those whose payment failed are helped back.',
  definition: {
    name: 'Cancellation win-back',
    description:
      'Voluntary and involuntary cancellations get different words, at different times. Stops when somebody comes back.',
    trigger: {
      kind: 'event',
      type: 'subscription_canceled',
      where: [{ field: 'never_paid', op: 'is_not', value: true }],
      contact: stillGone,
    },
    reentry: { rule: 'once_per', field: 'subscription_id' },
    exits: {
      goals: [{ type: 'subscription_created' }, { type: 'subscription_reactivated' }],
      keepWhile: stillGone,
    },
    category: 'marketing',
    priority: 40,
    goalWindowDays: 60,
    steps: [
      {
        id: 'why',
        name: 'Did they choose to leave?',
        kind: 'branch',
        arms: [
          {
            when: { kind: 'payload', all: [{ field: 'voluntary', op: 'is', value: false }] },
            steps: [
              { id: 'involuntary_wait', name: 'Wait a day', kind: 'wait_for', duration: { days: 1 } },
              {
                id: 'involuntary_email',
                name: 'E-mail: your plan ended because of the payment',
                kind: 'email',
                content: {
                  format: 'designed',
                  subject: 'Your {{ payload.plan.name | default: "plan" }} ended because a payment failed',
                  blocks: [
                    { kind: 'heading', text: 'You can pick up where you left off' },
                    {
                      kind: 'text',
                      text: 'Hi {{ contact.name | first_name | default: "there" }}, your {{ payload.plan.name | default: "plan" }} ended because your bank kept refusing the payment. We kept what you made.',
                    },
                    { kind: 'button', label: 'Start again', url: '{{ links.checkout | default: "" }}' },
                  ],
                },
              },
            ],
          },
        ],
        otherwise: [
          { id: 'voluntary_wait', name: 'Wait a week', kind: 'wait_for', duration: { days: 7 } },
          {
            id: 'voluntary_email',
            name: 'E-mail: an invitation back',
            kind: 'email',
            sender: 'founder',
            promotion: { tiers: [{ engagementScoreMin: 0, code: 'COMEBACK20' }] },
            content: {
              format: 'designed',
              subject: 'What would have made you stay?',
              blocks: [
                {
                  kind: 'text',
                  text: 'Hi {{ contact.name | first_name | default: "there" }}, a week ago you left us{% if payload.feedback == "too_expensive" %} because it cost too much{% elsif payload.feedback == "missing_features" %} because something was missing{% elsif payload.feedback == "switched_service" %} for another service{% endif %}. What would have made you stay? A line in reply helps us a lot.',
                },
                {
                  kind: 'text',
                  text: '{% if promotion.code %}If you would like to give us another try: {{ promotion.words }}.{% else %}If you would like to give us another try, the door is open.{% endif %}',
                },
                { kind: 'code', label: 'Your code', code: '{{ promotion.code | default: "" }}' },
                {
                  kind: 'button',
                  label: 'Come back',
                  url: '{{ promotion.url | default: links.checkout | default: "" }}',
                },
              ],
            },
          },
        ],
      },
      { id: 'second_wait', name: 'Wait three weeks', kind: 'wait_for', duration: { days: 21 } },
      {
        id: 'last_email',
        name: 'E-mail: the last one',
        kind: 'email',
        onlyIf: { kind: 'payload', all: [{ field: 'voluntary', op: 'is_not', value: false }] },
        content: {
          format: 'designed',
          subject: 'The last you hear from us',
          blocks: [
            {
              kind: 'text',
              text: 'Hi {{ contact.name | first_name | default: "there" }}, this is the last message about coming back. Your data is still here should you ever want it.',
            },
            { kind: 'button', label: 'Have another look', url: '{{ links.checkout | default: "" }}' },
          ],
        },
      },
    ],
  },
};

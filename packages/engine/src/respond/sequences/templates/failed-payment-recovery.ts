import { HARD_DECLINE_CODES } from '@growthos/contracts/sequence/decline-codes.ts';
import type { SequenceTemplate } from './index.ts';

/** Follows Stripe's own retries: nobody is written to while a retry that may simply work is still to come. */
export const FAILED_PAYMENT_RECOVERY: SequenceTemplate = {
  key: 'failed_payment_recovery',
  says: "A nudge in the app at once; if Stripe's next retry fails too, a personal e-mail from the founder. Stops the moment the invoice is paid.",
  definition: {
    name: 'Failed payment recovery',
    description: "Asks for a card that works, in step with Stripe's own retries. One run for each invoice.",
    trigger: {
      kind: 'event',
      type: 'invoice.payment_failed',
      // The first payment of a new subscription is another story: they are still at the checkout.
      where: [
        { field: 'billing_reason', op: 'is_not', value: 'subscription_create' },
        { field: 'amount_minor', op: 'gt', value: 0 },
      ],
    },
    reentry: { rule: 'once_per', field: 'invoice_id' },
    exits: {
      goals: [
        { type: 'payment_succeeded', match: [{ field: 'invoice_id', equals: 'invoice_id' }] },
        { type: 'payment_recovered', match: [{ field: 'invoice_id', equals: 'invoice_id' }] },
        {
          type: 'subscription_canceled',
          match: [{ field: 'subscription_id', equals: 'subscription_id' }],
          isSuccess: false,
        },
      ],
      invoiceClosed: 'invoice_id',
      subscriptionEnded: 'subscription_id',
    },
    category: 'transactional',
    priority: 90,
    isExemptFromCaps: true,
    steps: [
      {
        id: 'nudge',
        name: 'Tell them in the app',
        kind: 'in_app',
        content: {
          style: 'banner',
          title: "Your last payment didn't go through",
          body: "We couldn't charge {{ payload.amount_minor | money: payload.currency }}{% if decline.words %} ({{ decline.words }}){% endif %}. Please check your card so that nothing is interrupted.",
          cta: { label: 'Update your card', url: '{{ payload.hosted_invoice_url | default: "" }}' },
        },
        expiresAfter: { days: 21 },
      },
      {
        id: 'wait_for_retry',
        name: "Wait for Stripe's next retry",
        kind: 'wait_until',
        onlyIf: { kind: 'payload', all: [{ field: 'decline_code', op: 'not_in', value: HARD_DECLINE_CODES }] },
        // Two hours after it, so that a retry that works is known here before anybody is written to.
        until: { kind: 'payload_date', field: 'next_payment_attempt', offset: { hours: 2 } },
        ifMissing: { days: 1 },
        waitMax: { days: 5 },
      },
      {
        id: 'founder_email',
        name: 'A personal e-mail from the founder',
        kind: 'email',
        sender: 'founder',
        content: {
          format: 'plain',
          subject: 'A quick question about your payment',
          text: `Hi {{ contact.name | first_name | default: "there" }},

{% if decline.is_hard %}your bank tells us that the card we have for you can't be used any more{% if decline.words %} ({{ decline.words }}){% endif %}, so trying it again won't help.{% else %}we tried to charge {{ payload.amount_minor | money: payload.currency }} for {{ contact.plan_name | default: workspace.name }} and it didn't go through{% if decline.words %} ({{ decline.words }}){% endif %}. It happens; often a bank just says no once.{% endif %}
{% if payload.hosted_invoice_url %}
You can put in another card here, it takes a minute:
{{ payload.hosted_invoice_url }}
{% endif %}
Is there anything that I can do to make it easier? Just reply, this comes straight to me.

{{ sender.name }}`,
        },
      },
      {
        id: 'wait_for_payment',
        name: 'Wait for the payment, else tell the founder',
        kind: 'wait_for_event',
        event: { type: 'payment_succeeded', match: [{ field: 'invoice_id', equals: 'invoice_id' }] },
        timeout: { days: 4 },
        onTimeout: [
          {
            id: 'tell_founder',
            name: 'Tell the founder',
            kind: 'notify_team',
            title: '{{ contact.display_name }} still has not paid {{ payload.amount_minor | money: payload.currency }}',
            text: `The payment of {{ payload.amount_minor | money: payload.currency }} still fails{% if decline.words %} ({{ decline.words }}){% endif %}. They were told in the app and by e-mail.{% if contact.mrr %} They are worth {{ contact.mrr | money: contact.mrr_currency }} a month.{% endif %} A call may help.

{{ links.contact }}`,
          },
        ],
      },
    ],
  },
};

/** The same object in the Stripe Dashboard; test objects stand under /test. Source: docs.stripe.com, Dashboard addresses. */
export function stripeLink(input: { account: string; livemode: boolean; path: string }): string {
  const mode = input.livemode ? '' : '/test';
  return `https://dashboard.stripe.com/${encodeURIComponent(input.account)}${mode}/${input.path}`;
}

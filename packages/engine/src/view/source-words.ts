/** Where an event came from, in words. */
export function sourceWords(source: string): string {
  if (source.startsWith('stripe')) return 'Stripe';
  return source === 'app' ? 'Your app' : source === 'growthos' ? 'GrowthOS' : source;
}

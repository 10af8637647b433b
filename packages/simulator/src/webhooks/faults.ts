/** What may go wrong on purpose. Counters count down per delivery or request; 0 is off. */
export interface Faults {
  /** Webhooks leave this much later, by the simulator's clock. */
  delayS: number;
  /** The next n webhooks are sent twice. */
  duplicateNext: number;
  /** Webhooks due together leave in a shuffled order (seeded). */
  reorder: boolean;
  /** The next n webhooks are never sent; only `/v1/events` shows them. */
  dropNext: number;
  /** The next n webhook bodies are cut in half after signing, so the signature does not fit. */
  truncateWebhookNext: number;
  /** The next n API requests are answered 500. */
  api500Next: number;
  /** The next n API answers end in the middle of their JSON and the connection is cut. */
  apiTruncateNext: number;
  /** API answers wait this long, in real milliseconds. */
  apiDelayMs: number;
  /** 429 beyond this many requests a second and endpoint; 0 is off. */
  rateLimitPerSecond: number;
}

export function noFaults(): Faults {
  return {
    delayS: 0,
    duplicateNext: 0,
    reorder: false,
    dropNext: 0,
    truncateWebhookNext: 0,
    api500Next: 0,
    apiTruncateNext: 0,
    apiDelayMs: 0,
    rateLimitPerSecond: 0,
  };
}

/** Takes one from a counter; true when the fault applies this time. */
export function takeOne(
  faults: Faults,
  name: 'duplicateNext' | 'dropNext' | 'truncateWebhookNext' | 'api500Next' | 'apiTruncateNext',
): boolean {
  if (faults[name] <= 0) return false;
  faults[name] -= 1;
  return true;
}

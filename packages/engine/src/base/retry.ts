/** Milliseconds to wait before try number `attempt` (1 is the first retry): doubling from `firstMs`, capped at `maxMs`. */
export function backoffMs(attempt: number, options: { firstMs: number; maxMs: number }): number {
  return Math.min(options.maxMs, options.firstMs * 2 ** Math.max(0, attempt - 1));
}

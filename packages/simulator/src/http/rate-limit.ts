import type { FastifyReply } from 'fastify';
import { wallNowMs } from '#clock.ts';
import { StripeFault } from '#errors.ts';
import type { World } from '#store/world.ts';

/** A window of one second per endpoint and account, by the machine's clock: a frozen simulator would never let go. */
export class RateLimit {
  private readonly world: World;
  private readonly windows = new Map<string, { startMs: number; count: number }>();

  constructor(world: World) {
    this.world = world;
  }

  check(endpoint: string, reply: FastifyReply): void {
    const limit = this.world.faults.rateLimitPerSecond;
    if (limit <= 0) return;
    const nowMs = wallNowMs();
    const window = this.windows.get(endpoint);
    if (!window || nowMs - window.startMs >= 1_000) {
      this.windows.set(endpoint, { startMs: nowMs, count: 1 });
      return;
    }
    window.count += 1;
    if (window.count <= limit) return;
    void reply
      .header('stripe-rate-limited-reason', 'endpoint-rate')
      .header('retry-after', '1')
      .header('stripe-should-retry', 'true');
    throw new StripeFault({
      status: 429,
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Request rate limit exceeded. Learn more about rate limits here: https://stripe.com/docs/rate-limits.',
    });
  }
}

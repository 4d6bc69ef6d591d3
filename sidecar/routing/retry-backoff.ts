import type { Random } from '#api/foundation/random.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How long to wait before retry number `retry` (1 is the first), milliseconds: anything between nothing and the ceiling, so that callers spread. */
export function backoffMs({ baseMs, maxMs }: RetryPolicy['backoff'], retry: number, random: Random): number {
  return random() * Math.min(maxMs, baseMs * 2 ** (retry - 1));
}

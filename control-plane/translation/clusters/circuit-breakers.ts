import type { ConnectionPoolSettings, RetryBudget } from '#api/kinds/traffic-policy.ts';
import type { CircuitBreakersSchema } from '#api/xds/gen/envoy/config/cluster/v3/circuit_breaker_pb.js';
import type { Init } from '../message.ts';

/** Istio's "no limit": Envoy's own defaults (1024) would be one. */
const UNLIMITED = 0xffff_ffff;

/** Defaults of Istio's RetryBudget. */
const BUDGET_PERCENT = 20;
const MIN_RETRY_CONCURRENCY = 3;

/** In Istio's settings 0 stands for "not said". */
export function circuitBreakers(
  { tcp, http }: ConnectionPoolSettings = {},
  budget: RetryBudget | undefined,
): Init<typeof CircuitBreakersSchema> {
  return {
    thresholds: [
      {
        maxConnections: tcp?.maxConnections || UNLIMITED,
        maxPendingRequests: http?.http1MaxPendingRequests || UNLIMITED,
        maxRequests: http?.http2MaxRequests || UNLIMITED,
        maxRetries: http?.maxRetries || UNLIMITED,
        ...(budget === undefined ? {} : { retryBudget: retryBudget(budget) }),
        trackRemaining: true,
      },
    ],
  };
}

function retryBudget({ percent, minRetryConcurrency }: RetryBudget) {
  return {
    budgetPercent: { value: percent ?? BUDGET_PERCENT },
    minRetryConcurrency: minRetryConcurrency ?? MIN_RETRY_CONCURRENCY,
  };
}

import {
  type CircuitBreakers,
  CircuitBreakers_Thresholds_RetryBudgetSchema,
  CircuitBreakers_ThresholdsSchema,
  CircuitBreakersSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/circuit_breaker_pb.js';
import { RoutingPriority } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { type CircuitBreakerLimits, DEFAULT_LIMITS, UNLIMITED } from '#sidecar/upstream/circuit-breakers.ts';
import { acceptPercent } from './percents.ts';
import type { Place } from './refusals.ts';

/** Envoy's defaults for fields that thresholds leave out. */
const ENVOY = { connections: 1024, pending: 1024, requests: 1024, retries: 3 } as const;
const ENVOY_BUDGET = { percent: 20, floor: 3 } as const;

const SUPPORTED = new Set([
  'max_connections',
  'max_pending_requests',
  'max_requests',
  'max_retries',
  'retry_budget',
  'track_remaining',
  'priority',
]);

/**
 * The thresholds of the default priority; no request has another. A cluster without any has no limits, as with Istio,
 * whose clusters always say so: Envoy's own 1024 would be a limit that nobody asked for.
 */
export function acceptLimits(breakers: CircuitBreakers | undefined, place: Place): CircuitBreakerLimits {
  if (breakers === undefined) return DEFAULT_LIMITS;
  place.allow(CircuitBreakersSchema, breakers, new Set(['thresholds']));
  const [thresholds, ...more] = breakers.thresholds;
  if (thresholds === undefined) return DEFAULT_LIMITS;
  const here = place.in('thresholds[0]');
  here.allow(CircuitBreakers_ThresholdsSchema, thresholds, SUPPORTED);
  if (thresholds.priority !== RoutingPriority.DEFAULT)
    here.in('priority').refuse('only DEFAULT is supported');
  if (more.length > 0) place.in('thresholds').refuse('only one entry is supported');
  const maxRetries = thresholds.maxRetries ?? ENVOY.retries;
  return {
    maxConnections: thresholds.maxConnections ?? ENVOY.connections,
    maxPendingRequests: thresholds.maxPendingRequests ?? ENVOY.pending,
    maxRequests: thresholds.maxRequests ?? ENVOY.requests,
    maxRetries,
    retryBudget: acceptBudget(thresholds.retryBudget, maxRetries, here.in('retry_budget')),
  };
}

/** Where nobody said anything of retries, "unlimited" is not meant: weft's own budget keeps them from piling up. */
function acceptBudget(
  budget: CircuitBreakers['thresholds'][number]['retryBudget'],
  maxRetries: number,
  place: Place,
): CircuitBreakerLimits['retryBudget'] {
  if (budget === undefined) return maxRetries === UNLIMITED ? DEFAULT_LIMITS.retryBudget : undefined;
  const supported = new Set(['budget_percent', 'min_retry_concurrency']);
  place.allow(CircuitBreakers_Thresholds_RetryBudgetSchema, budget, supported);
  const percent = acceptPercent(budget.budgetPercent, ENVOY_BUDGET.percent, place.in('budget_percent'));
  return { share: percent / 100, floor: budget.minRetryConcurrency ?? ENVOY_BUDGET.floor };
}

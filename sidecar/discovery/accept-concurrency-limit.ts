import type { Duration } from '@bufbuild/protobuf/wkt';
import { RuntimeFeatureFlagSchema } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import {
  type AdaptiveConcurrency,
  AdaptiveConcurrencySchema,
  type GradientControllerConfig_ConcurrencyLimitCalculationParams as CalculationParams,
  GradientControllerConfig_ConcurrencyLimitCalculationParamsSchema as CalculationParamsSchema,
  type GradientControllerConfig,
  GradientControllerConfigSchema,
  type GradientControllerConfig_MinimumRTTCalculationParams as IdealParams,
  GradientControllerConfig_MinimumRTTCalculationParamsSchema as IdealParamsSchema,
} from '#api/xds/gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import type { ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import {
  type AdaptiveConcurrencyPolicy,
  DEFAULT_ADAPTIVE_CONCURRENCY as DEFAULT,
  MAX_SAMPLES,
} from '#sidecar/upstream/adaptive-concurrency.ts';
import { acceptDuration } from './durations.ts';
import { acceptPercent } from './percents.ts';
import type { Place } from './refusals.ts';

/** Envoy answers with it, and never with a status below 400. */
const DEFAULT_STATUS = 503;

const CALCULATION_FIELDS = new Set(['max_concurrency_limit', 'concurrency_update_interval']);
const IDEAL_FIELDS = new Set(['interval', 'request_count', 'jitter', 'min_concurrency', 'buffer']);
const GRADIENT_FIELDS = new Set([
  'sample_aggregate_percentile',
  'concurrency_limit_params',
  'min_rtt_calc_params',
]);

/** Undefined when it says that it is off. */
export function acceptConcurrencyLimit(
  message: AdaptiveConcurrency,
  place: Place,
): ConcurrencyLimitPolicy | undefined {
  place.allow(
    AdaptiveConcurrencySchema,
    message,
    new Set(['gradient_controller_config', 'enabled', 'concurrency_limit_exceeded_status']),
  );
  const { case: kind, value: gradient } = message.concurrencyControllerConfig;
  if (kind === undefined) place.in('gradient_controller_config').refuse('is required');
  const enabled = isEnabled(message.enabled, place.in('enabled'));
  if (gradient === undefined) return undefined;
  const adaptive = acceptGradient(gradient, place.in('gradient_controller_config'));
  const { code = DEFAULT_STATUS } = message.concurrencyLimitExceededStatus ?? {};
  return enabled ? { adaptive, status: code < 400 ? DEFAULT_STATUS : code } : undefined;
}

/** Envoy wants a name for its runtime; here there is none but `default_value`. */
function isEnabled(flag: AdaptiveConcurrency['enabled'], place: Place): boolean {
  if (flag === undefined) return true;
  place.allow(RuntimeFeatureFlagSchema, flag, new Set(['default_value', 'runtime_key']));
  if (flag.defaultValue === undefined) place.in('default_value').refuse('is required');
  return flag.defaultValue === true;
}

function acceptGradient(config: GradientControllerConfig, place: Place): AdaptiveConcurrencyPolicy {
  place.allow(GradientControllerConfigSchema, config, GRADIENT_FIELDS);
  const percentile = place.in('sample_aggregate_percentile');
  const calculation = acceptCalculation(config.concurrencyLimitParams, place.in('concurrency_limit_params'));
  const ideal = acceptIdeal(config.minRttCalcParams, place.in('min_rtt_calc_params'));
  if (calculation.maxLimit < ideal.concurrency) {
    place.in('min_rtt_calc_params.min_concurrency').refuse('must not exceed max_concurrency_limit');
  }
  return {
    percentile: acceptPercent(config.sampleAggregatePercentile, DEFAULT.percentile * 100, percentile) / 100,
    ...calculation,
    ideal,
  };
}

function acceptCalculation(
  params: CalculationParams | undefined,
  place: Place,
): Pick<AdaptiveConcurrencyPolicy, 'maxLimit' | 'updateIntervalMs'> {
  if (params !== undefined) place.allow(CalculationParamsSchema, params, CALCULATION_FIELDS);
  return {
    maxLimit: acceptCount(params?.maxConcurrencyLimit, DEFAULT.maxLimit, place.in('max_concurrency_limit')),
    updateIntervalMs: acceptInterval(
      params?.concurrencyUpdateInterval,
      place.in('concurrency_update_interval'),
    ),
  };
}

function acceptIdeal(params: IdealParams | undefined, place: Place): AdaptiveConcurrencyPolicy['ideal'] {
  if (params !== undefined) place.allow(IdealParamsSchema, params, IDEAL_FIELDS);
  const { ideal } = DEFAULT;
  const requests = acceptCount(params?.requestCount, ideal.requests, place.in('request_count'));
  if (requests > MAX_SAMPLES) place.in('request_count').refuse(`must be at most ${MAX_SAMPLES}`);
  return {
    intervalMs: acceptInterval(params?.interval, place.in('interval')),
    jitter: acceptPercent(params?.jitter, ideal.jitter * 100, place.in('jitter')) / 100,
    requests,
    concurrency: acceptCount(params?.minConcurrency, ideal.concurrency, place.in('min_concurrency')),
    buffer: acceptPercent(params?.buffer, ideal.buffer * 100, place.in('buffer')) / 100,
  };
}

function acceptCount(count: number | undefined, unsaid: number, place: Place): number {
  if (count === 0) place.refuse('must be at least 1');
  return count ?? unsaid;
}

/** Required, as in Envoy. */
function acceptInterval(duration: Duration | undefined, place: Place): number {
  if (duration === undefined) {
    place.refuse('is required');
    return 0;
  }
  const ms = acceptDuration(duration, place);
  if (ms < 1) place.refuse('must be at least 1ms');
  return ms;
}

import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { parseDuration } from '#api/foundation/duration.ts';
import type { BalancerPolicy } from '#sidecar/upstream/balancer.ts';
import type { SlowStart } from '#sidecar/upstream/balancers/slow-start.ts';
import { DEFAULT_PEAK_EWMA } from '#sidecar/upstream/load-estimate.ts';
import { acceptSlowStartJson } from './accept-slow-start.ts';
import type { Place } from './refusals.ts';

/** The JSON form of Envoy's PeakEwma message, and weft's `slow_start_config` beside it. */
export function acceptPeakEwma(fields: JsonObject, place: Place): BalancerPolicy {
  let ewma = DEFAULT_PEAK_EWMA;
  let slowStart: SlowStart | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const here = place.in(name);
    if (name === 'decay_time') ewma = { ...ewma, decayMs: acceptDecay(value, here) };
    else if (name === 'penalty_value') ewma = { ...ewma, probePenaltyMs: acceptPenalty(value, here) };
    else if (name === 'slow_start_config') slowStart = acceptSlowStartJson(value, here);
    else here.refuse('not supported');
  }
  return { kind: 'peak-ewma', ewma, slowStart };
}

function acceptDecay(value: JsonValue, place: Place): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined && ms >= 1) return ms;
  place.refuse('must be a duration of at least 1ms, such as "10s"');
  return DEFAULT_PEAK_EWMA.decayMs;
}

function acceptPenalty(value: JsonValue, place: Place): number {
  if (typeof value === 'number' && value > 0) return value;
  place.refuse('must be a number of milliseconds above 0');
  return DEFAULT_PEAK_EWMA.probePenaltyMs;
}

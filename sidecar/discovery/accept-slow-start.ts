import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { parseDuration } from '#api/foundation/duration.ts';
import {
  type Cluster_SlowStartConfig,
  Cluster_SlowStartConfigSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { SlowStart } from '#sidecar/upstream/balancers/slow-start.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

/** Envoy's defaults. */
const AGGRESSION = 1;
const MIN_WEIGHT_PERCENT = 10;

const SUPPORTED = new Set(['slow_start_window', 'aggression', 'min_weight_percent']);

/** Undefined: a new endpoint gets its whole weight at once. */
export function acceptSlowStart(
  config: Cluster_SlowStartConfig | undefined,
  place: Place,
): SlowStart | undefined {
  if (config === undefined) return undefined;
  place.allow(Cluster_SlowStartConfigSchema, config, SUPPORTED);
  if ((config.aggression?.runtimeKey ?? '') !== '') {
    place.in('aggression.runtime_key').refuse('not supported');
  }
  const windowMs =
    config.slowStartWindow === undefined
      ? 0
      : acceptDuration(config.slowStartWindow, place.in('slow_start_window'));
  const { aggression, minWeightPercent } = config;
  return build(windowMs, aggression?.defaultValue, minWeightPercent?.value, place);
}

/** The same as JSON, inside the struct of a policy whose message is not among the generated ones. */
export function acceptSlowStartJson(value: JsonValue, place: Place): SlowStart | undefined {
  const fields = objectOf(value, place);
  for (const name of Object.keys(fields)) if (!SUPPORTED.has(name)) place.in(name).refuse('not supported');
  const text = fields['slow_start_window'];
  const windowMs = typeof text === 'string' ? (parseDuration(text) ?? 0) : 0;
  const aggression = inner(fields, 'aggression', 'default_value', place);
  const percent = inner(fields, 'min_weight_percent', 'value', place);
  return build(windowMs, aggression, percent, place);
}

function build(
  windowMs: number,
  aggression = AGGRESSION,
  minWeightPercent = MIN_WEIGHT_PERCENT,
  place: Place,
): SlowStart | undefined {
  if (windowMs < 1) place.in('slow_start_window').refuse('must be at least 1ms');
  if (!(aggression > 0)) place.in('aggression').refuse('must be above 0');
  if (!(minWeightPercent >= 0 && minWeightPercent <= 100)) {
    place.in('min_weight_percent').refuse('must be from 0 to 100');
  }
  return { windowMs, aggression, minWeightPercent };
}

/** `name: {key: NUMBER}`; undefined when it is not there. */
function inner(fields: JsonObject, name: string, key: string, place: Place): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const number = objectOf(value, place.in(name))[key];
  if (typeof number === 'number') return number;
  place.in(name).refuse(`must have a number as ${key}`);
  return undefined;
}

function objectOf(value: JsonValue, place: Place): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  place.refuse('must be an object');
  return {};
}

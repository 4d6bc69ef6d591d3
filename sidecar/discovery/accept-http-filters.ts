import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { AdaptiveConcurrencySchema } from '#api/xds/gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import { type Buffer, BufferSchema } from '#api/xds/gen/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import { CorsSchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { LocalRateLimitSchema } from '#api/xds/gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import type { HttpFilter } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { ConcurrencyLimitPolicy } from '#sidecar/http/concurrency-limit.ts';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import type { StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import { acceptConcurrencyLimit } from './accept-concurrency-limit.ts';
import { acceptRateLimit } from './accept-rate-limit.ts';
import { acceptStats } from './accept-stats.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/**
 * The filters whose work the data path knows how to do without being told more: they do what the routes say
 * (`typed_per_filter_config`), so that all must be empty here; a list without them still gets what its routes say.
 */
const EMPTY_FILTERS = new Map<string, DescMessage>(
  [CorsSchema, HTTPFaultSchema, RouterSchema].map((schema) => [
    `type.googleapis.com/${schema.typeName}`,
    schema,
  ]),
);

/** What the filters in front of the router let through, and what is counted there. */
export interface HttpLimits {
  readonly rateLimit: LocalRateLimitPolicy | undefined;
  readonly concurrency: ConcurrencyLimitPolicy | undefined;
  /** Of a request; 0 is no limit. */
  readonly maxBodyBytes: number;
  readonly stats: StatsSpec | undefined;
}

/**
 * Each kind of limit may stand in a list once, the first two in this order: what the one turns away is nothing to the other.
 * Where the buffer stands says nothing.
 */
const LIMITS = [LocalRateLimitSchema, AdaptiveConcurrencySchema, BufferSchema].map(
  ({ typeName }) => `type.googleapis.com/${typeName}`,
);

/** Envoy's order is part of the contract: the router ends the list. Returns the limits in front of it. */
export function acceptHttpFilters(filters: readonly HttpFilter[], place: Place): HttpLimits {
  const found = filters.map((filter, i) => acceptOne(filter, i === filters.length - 1, place));
  const order = filters.map(typeOf).filter((type) => LIMITS.includes(type));
  if (new Set(order).size < order.length) place.refuse('only one filter of each kind of limit is supported');
  if (order.filter((type) => type !== LIMITS[2]).indexOf(LIMITS[0]!) > 0)
    place.refuse('local_ratelimit must come before adaptive_concurrency');
  if (found.filter((each) => each?.stats !== undefined).length > 1)
    place.refuse('only one istio.stats is supported');
  return {
    stats: found.find((each) => each?.stats !== undefined)?.stats,
    rateLimit: found.find((each) => each?.rateLimit !== undefined)?.rateLimit,
    concurrency: found.find((each) => each?.concurrency !== undefined)?.concurrency,
    maxBodyBytes: found.find((each) => each?.maxBodyBytes !== undefined)?.maxBodyBytes ?? 0,
  };
}

function acceptOne(filter: HttpFilter, isLast: boolean, place: Place): Partial<HttpLimits> | undefined {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const stats = config === undefined || isLast ? undefined : acceptStats(config, place.in(filter.name));
  if (stats !== undefined) return { stats };
  const schema = EMPTY_FILTERS.get(config?.typeUrl ?? '');
  if (config === undefined || (schema === undefined && !LIMITS.includes(config.typeUrl))) {
    place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
    return undefined;
  }
  if ((schema === RouterSchema) !== isLast) {
    place.refuse(isLast ? 'the router must be the last filter' : 'nothing may follow the router');
  }
  const here = place.in(filter.name);
  if (schema === undefined) return acceptLimit(config, here);
  here.allow(schema, fromBinary(schema, config.value), new Set());
  return undefined;
}

function acceptLimit(config: Any, place: Place): Partial<HttpLimits> {
  const rate = unpack(config, LocalRateLimitSchema);
  if (rate !== undefined) return { rateLimit: acceptRateLimit(rate, place) };
  const buffer = unpack(config, BufferSchema);
  if (buffer !== undefined) return { maxBodyBytes: acceptBuffer(buffer, place) };
  const adaptive = unpack(config, AdaptiveConcurrencySchema);
  return { concurrency: adaptive && acceptConcurrencyLimit(adaptive, place) };
}

function typeOf({ configType }: HttpFilter): string {
  return configType.case === 'typedConfig' ? configType.value.typeUrl : '';
}

/** Its limit only: bodies are counted as they pass, and not held back until they are whole. */
function acceptBuffer({ maxRequestBytes = 0 }: Buffer, place: Place): number {
  if (maxRequestBytes < 1) place.in('max_request_bytes').refuse('must be at least 1');
  return maxRequestBytes;
}

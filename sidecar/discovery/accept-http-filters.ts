import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { CorsSchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { LocalRateLimitSchema } from '#api/xds/gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import type { HttpFilter } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { LocalRateLimitPolicy } from '#sidecar/http/local-rate-limit.ts';
import { acceptRateLimit } from './accept-rate-limit.ts';
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

/** Envoy's order is part of the contract: the router ends the list. Returns the limit in front of it, if there is one. */
export function acceptHttpFilters(
  filters: readonly HttpFilter[],
  place: Place,
): LocalRateLimitPolicy | undefined {
  const limits = filters.map((filter, i) => acceptOne(filter, i === filters.length - 1, place));
  const [limit, ...more] = limits.filter((each) => each !== undefined);
  if (more.length > 0) place.refuse('only one local_ratelimit is supported');
  return limit;
}

function acceptOne(filter: HttpFilter, isLast: boolean, place: Place): LocalRateLimitPolicy | undefined {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const limit = unpack(config, LocalRateLimitSchema);
  const schema = EMPTY_FILTERS.get(config?.typeUrl ?? '');
  if (limit === undefined && (config === undefined || schema === undefined)) {
    place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
    return undefined;
  }
  if ((schema === RouterSchema) !== isLast) {
    place.refuse(isLast ? 'the router must be the last filter' : 'nothing may follow the router');
  }
  const here = place.in(filter.name);
  if (limit !== undefined) return acceptRateLimit(limit, here);
  if (schema !== undefined && config !== undefined) {
    here.allow(schema, fromBinary(schema, config.value), new Set());
  }
  return undefined;
}

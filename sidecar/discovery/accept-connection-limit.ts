import type { Filter } from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ConnectionLimitSchema } from '#api/xds/gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb.js';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** How many connections a chain allows. Undefined when the filter is another one; the least of an unusable one is 1. */
export function acceptConnectionLimit(filter: Filter, place: Place): number | undefined {
  const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
  const limit = unpack(config, ConnectionLimitSchema);
  if (limit === undefined) return undefined;
  place.allow(ConnectionLimitSchema, limit, new Set(['stat_prefix', 'max_connections']));
  const max = Number(limit.maxConnections ?? 0);
  if (max < 1) place.in('max_connections').refuse('must be at least 1');
  return Math.max(1, max);
}

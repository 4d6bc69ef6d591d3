import type { ConnectionLimits } from '#api/mesh/connection-limits.ts';
import { ConnectionLimitSchema } from '#api/xds/gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb.js';
import type { HttpConnectionManagerSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { durationOf, type Init, pack } from '../message.ts';
import type { Filter } from './filters.ts';

type Manager = Init<typeof HttpConnectionManagerSchema>;

/** What a connection manager is told of its connections. */
export function managerLimits(limits: ConnectionLimits): Manager {
  const { requestHeadersTimeout, requestTimeout, streamIdleTimeout, maxRequestHeadersKb } = limits;
  const common = {
    ...duration('idleTimeout', limits.idleTimeout),
    ...duration('maxConnectionDuration', limits.maxConnectionDuration),
    ...duration('maxStreamDuration', limits.maxStreamDuration),
    ...number('maxHeadersCount', limits.maxHeadersCount),
    ...number('maxRequestsPerConnection', limits.maxRequestsPerConnection),
  };
  return {
    ...duration('requestHeadersTimeout', requestHeadersTimeout),
    ...duration('requestTimeout', requestTimeout),
    ...duration('streamIdleTimeout', streamIdleTimeout),
    ...number('maxRequestHeadersKb', maxRequestHeadersKb),
    ...(Object.keys(common).length === 0 ? {} : { commonHttpProtocolOptions: common }),
  };
}

/** In front of what carries the connections: each chain counts for itself. */
export function connectionFilters(statPrefix: string, { maxConnections }: ConnectionLimits): Filter[] {
  if (maxConnections === undefined) return [];
  const value = pack(ConnectionLimitSchema, { statPrefix, maxConnections: BigInt(maxConnections) });
  return [{ name: 'envoy.filters.network.connection_limit', configType: { case: 'typedConfig', value } }];
}

function duration<Name extends string>(name: Name, ms: number | undefined) {
  return ms === undefined ? {} : ({ [name]: durationOf(ms) } as Record<Name, ReturnType<typeof durationOf>>);
}

function number<Name extends string>(name: Name, value: number | undefined) {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, number>);
}

import { parseDuration } from '#api/foundation/duration.ts';
import type { ConnectionPoolSettings } from '#api/kinds/traffic-policy.ts';
import type { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { HttpProtocolOptionsSchema as CommonOptionsSchema } from '#api/xds/gen/envoy/config/core/v3/protocol_pb.js';
import { HttpProtocolOptionsSchema } from '#api/xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { durationOf, type Init, pack } from '../message.ts';

type ClusterInit = Init<typeof ClusterSchema>;
type TcpKeepalive = NonNullable<NonNullable<ConnectionPoolSettings['tcp']>['tcpKeepalive']>;

/** Istio's default for `connectionPool.tcp.connectTimeout`. */
export const CONNECT_TIMEOUT_MS = 10_000;

export const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** What Istio's connectionPool says of single connections; its limits are `circuit-breakers.ts`. */
export function connectionPool({ tcp, http }: ConnectionPoolSettings = {}): ClusterInit {
  const common = {
    ...duration('idleTimeout', http?.idleTimeout),
    ...duration('maxConnectionDuration', tcp?.maxConnectionDuration),
    ...(http?.maxRequestsPerConnection ? { maxRequestsPerConnection: http.maxRequestsPerConnection } : {}),
  };
  return {
    connectTimeout: durationOf(parseDuration(tcp?.connectTimeout ?? '') ?? CONNECT_TIMEOUT_MS),
    ...(tcp?.tcpKeepalive === undefined
      ? {}
      : { upstreamConnectionOptions: { tcpKeepalive: keepalive(tcp.tcpKeepalive) } }),
    ...(Object.keys(common).length === 0 ? {} : httpOptions(common)),
  };
}

/** Whole seconds, as the socket options want them. Nothing said: the operating system's. */
function keepalive({ probes, time, interval }: TcpKeepalive) {
  return {
    ...(probes === undefined || probes === 0 ? {} : { keepaliveProbes: probes }),
    ...(time === undefined ? {} : { keepaliveTime: secondsOf(time) }),
    ...(interval === undefined ? {} : { keepaliveInterval: secondsOf(interval) }),
  };
}

function secondsOf(text: string): number {
  return Math.max(1, Math.round((parseDuration(text) ?? 0) / 1000));
}

function duration(
  field: 'idleTimeout' | 'maxConnectionDuration',
  text: string | undefined,
): Init<typeof CommonOptionsSchema> {
  const ms = parseDuration(text ?? '');
  return ms === undefined ? {} : { [field]: durationOf(ms) };
}

function httpOptions(commonHttpProtocolOptions: Init<typeof CommonOptionsSchema>): ClusterInit {
  const options = pack(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions,
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
    },
  });
  return { typedExtensionProtocolOptions: { [HTTP_OPTIONS]: options } };
}

import {
  type Cluster,
  UpstreamConnectionOptionsSchema,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { TcpKeepaliveSchema } from '#api/xds/gen/envoy/config/core/v3/address_pb.js';
import {
  HttpProtocolOptionsSchema as CommonOptionsSchema,
  Http1ProtocolOptionsSchema,
  Http2ProtocolOptionsSchema,
} from '#api/xds/gen/envoy/config/core/v3/protocol_pb.js';
import {
  type HttpProtocolOptions,
  HttpProtocolOptions_ExplicitHttpConfigSchema,
  HttpProtocolOptionsSchema,
} from '#api/xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { parseClusterName } from '#api/xds/names.ts';
import type { ConnectionSettings } from '#sidecar/upstream/cluster.ts';
import { DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import type { ReadFile } from './accept-data-source.ts';
import { acceptUpstreamTls } from './accept-upstream-tls.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const BOTH_PROTOCOLS = ['http_protocol_options', 'http2_protocol_options'];

/** Linux's tcp_keepalive_time: what a keep-alive is that says nothing itself. */
const SYSTEM_KEEP_ALIVE_S = 7_200;

/** How connections to the endpoints are made and kept. */
export function acceptConnections(cluster: Cluster, readFile: ReadFile, place: Place): ConnectionSettings {
  return {
    ...DEFAULT_CONNECTIONS,
    ...acceptHttpOptions(cluster, place.in('typed_extension_protocol_options')),
    ...acceptKeepAlive(cluster, place.in('upstream_connection_options')),
    tls: acceptUpstreamTls(cluster.transportSocket, readFile, place.in('transport_socket')),
  };
}

function acceptKeepAlive(
  { upstreamConnectionOptions: options }: Cluster,
  place: Place,
): Partial<ConnectionSettings> {
  if (options === undefined) return {};
  place.allow(UpstreamConnectionOptionsSchema, options, new Set(['tcp_keepalive']));
  if (options.tcpKeepalive === undefined) return {};
  const { keepaliveTime, keepaliveInterval, keepaliveProbes } = options.tcpKeepalive;
  const supported = new Set(['keepalive_time', 'keepalive_interval', 'keepalive_probes']);
  place.in('tcp_keepalive').allow(TcpKeepaliveSchema, options.tcpKeepalive, supported);
  return {
    keepAliveMs: (keepaliveTime ?? SYSTEM_KEEP_ALIVE_S) * 1000,
    ...(keepaliveInterval !== undefined && { keepAliveIntervalMs: keepaliveInterval * 1000 }),
    ...(keepaliveProbes !== undefined && { keepAliveProbes: keepaliveProbes }),
  };
}

function acceptHttpOptions(cluster: Cluster, place: Place): Partial<ConnectionSettings> {
  for (const name of Object.keys(cluster.typedExtensionProtocolOptions)) {
    if (name !== HTTP_OPTIONS) place.refuse(`${name} is not supported`);
  }
  const any = cluster.typedExtensionProtocolOptions[HTTP_OPTIONS];
  if (any === undefined) return {};
  const options = unpack(any, HttpProtocolOptionsSchema);
  if (options === undefined) {
    place.refuse(`${any.typeUrl} is not supported`);
    return {};
  }
  const supported = new Set(['common_http_protocol_options', 'explicit_http_config']);
  place.allow(HttpProtocolOptionsSchema, options, supported);
  acceptProtocol(cluster.name, options, place.in('explicit_http_config'));
  return acceptCommon(options, place.in('common_http_protocol_options'));
}

/**
 * Requests are sent on as HTTP/1.1. A cluster that is no part of the mesh, but where the proxy itself sends what it has
 * seen (OTLP over gRPC), may say HTTP/2: what is sent there speaks it by itself.
 */
function acceptProtocol(
  name: string,
  { upstreamProtocolOptions: protocol }: HttpProtocolOptions,
  place: Place,
): void {
  if (protocol.case !== 'explicitHttpConfig') return;
  place.allow(
    HttpProtocolOptions_ExplicitHttpConfigSchema,
    protocol.value,
    new Set(parseClusterName(name) === undefined ? BOTH_PROTOCOLS : ['http_protocol_options']),
  );
  const { protocolConfig } = protocol.value;
  if (protocolConfig.case === 'http2ProtocolOptions')
    place.in('http2_protocol_options').allow(Http2ProtocolOptionsSchema, protocolConfig.value, new Set());
  if (protocolConfig.case !== 'httpProtocolOptions') return;
  place.in('http_protocol_options').allow(Http1ProtocolOptionsSchema, protocolConfig.value, new Set());
}

function acceptCommon(
  { commonHttpProtocolOptions: common }: HttpProtocolOptions,
  place: Place,
): Partial<ConnectionSettings> {
  if (common === undefined) return {};
  const supported = new Set(['idle_timeout', 'max_connection_duration', 'max_requests_per_connection']);
  place.allow(CommonOptionsSchema, common, supported);
  const { idleTimeout, maxConnectionDuration, maxRequestsPerConnection } = common;
  return {
    ...(idleTimeout && { idleTimeoutMs: acceptDuration(idleTimeout, place.in('idle_timeout')) }),
    ...(maxConnectionDuration && {
      maxDurationMs: acceptDuration(maxConnectionDuration, place.in('max_connection_duration')),
    }),
    ...(maxRequestsPerConnection !== undefined && { maxRequests: maxRequestsPerConnection }),
  };
}

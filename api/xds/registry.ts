import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from './gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from './gen/envoy/config/route/v3/route_pb.js';
import { OpenTelemetryConfigSchema } from './gen/envoy/config/trace/v3/opentelemetry_pb.js';
import { FileAccessLogSchema } from './gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from './gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import { AdaptiveConcurrencySchema } from './gen/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb.js';
import { BufferSchema } from './gen/envoy/extensions/filters/http/buffer/v3/buffer_pb.js';
import { CorsPolicySchema, CorsSchema } from './gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from './gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { LocalRateLimitSchema } from './gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js';
import { RouterSchema } from './gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { HttpInspectorSchema } from './gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { OriginalDstSchema } from './gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { TlsInspectorSchema } from './gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { ConnectionLimitSchema } from './gen/envoy/extensions/filters/network/connection_limit/v3/connection_limit_pb.js';
import { HttpConnectionManagerSchema } from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from './gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { PreviousHostsPredicateSchema } from './gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from './gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { TypedStructSchema } from './gen/xds/type/v3/typed_struct_pb.js';

/**
 * Every message that may stand inside an `Any` of what weft sends: pass it to `toJson` and `fromJson`, and to
 * `anyUnpack` when the type is not known beforehand.
 */
export const XDS_REGISTRY: Registry = createRegistry(
  ListenerSchema,
  RouteConfigurationSchema,
  ClusterSchema,
  ClusterLoadAssignmentSchema,
  HttpConnectionManagerSchema,
  TcpProxySchema,
  LocalRateLimitSchema,
  AdaptiveConcurrencySchema,
  BufferSchema,
  ConnectionLimitSchema,
  RouterSchema,
  CorsSchema,
  CorsPolicySchema,
  HTTPFaultSchema,
  OriginalDstSchema,
  HttpInspectorSchema,
  TlsInspectorSchema,
  PreviousHostsPredicateSchema,
  TypedStructSchema,
  HttpProtocolOptionsSchema,
  UpstreamTlsContextSchema,
  DownstreamTlsContextSchema,
  OpenTelemetryConfigSchema,
  FileAccessLogSchema,
  ExpressionFilterSchema,
);

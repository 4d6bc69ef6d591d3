/**
 * `/config_dump` in Envoy's shape, so that tools which read Envoy's can read this one. Resources are kept as the
 * bytes that came and decoded here. What Envoy does not know (the balancer's view of each endpoint) stands apart, in
 * `weft.LiveClusters`.
 */
import { type DescMessage, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import { ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '#api/xds/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { XDS_REGISTRY } from '#api/xds/registry.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ResourceType,
  ROUTE_TYPE,
} from '#api/xds/resource-types.ts';
import type { Configuration } from '#sidecar/discovery/configuration.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';
import { liveClusters } from './live-clusters.ts';

export function configDump(configuration: Configuration, nowMs: number): JsonValue {
  const section = sectionOf(configuration);
  return {
    configs: [
      section('Clusters', 'dynamic_active_clusters', CLUSTER_TYPE, ({ version, bytes }) => ({
        version_info: version,
        cluster: decode(ClusterSchema, bytes),
      })),
      section('Listeners', 'dynamic_listeners', LISTENER_TYPE, ({ name, version, bytes }) => ({
        name,
        active_state: { version_info: version, listener: decode(ListenerSchema, bytes) },
      })),
      section('Routes', 'dynamic_route_configs', ROUTE_TYPE, ({ version, bytes }) => ({
        version_info: version,
        route_config: decode(RouteConfigurationSchema, bytes),
      })),
      section('Endpoints', 'dynamic_endpoint_configs', ENDPOINT_TYPE, ({ version, bytes }) => ({
        version_info: version,
        endpoint_config: decode(ClusterLoadAssignmentSchema, bytes),
      })),
      { '@type': 'weft.LiveClusters', clusters: liveClusters(configuration, nowMs) },
    ],
  };
}

function sectionOf(configuration: Configuration) {
  return (
    kind: string,
    field: string,
    type: ResourceType,
    entry: (resource: Resource) => JsonValue,
  ): JsonValue => ({
    '@type': `type.googleapis.com/envoy.admin.v3.${kind}ConfigDump`,
    [field]: [...configuration.ledger.running(type).values()].map(entry),
    refused: [...configuration.ledger.refused(type)].map(([name, { version, reasons }]) => ({
      name,
      version_info: version,
      details: [...reasons],
    })),
  });
}

function decode(schema: DescMessage, bytes: Uint8Array): JsonValue {
  const options = { registry: XDS_REGISTRY, useProtoFieldName: true };
  return withoutKeys(toJson(schema, fromBinary(schema, bytes), options));
}

/** Fields that Envoy marks as sensitive: what they hold stays in the sidecar. */
const SECRET_FIELDS = new Set(['private_key', 'password', 'session_ticket_keys']);

function withoutKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_FIELDS.has(name) ? '[redacted]' : withoutKeys(inner),
    ]),
  );
}

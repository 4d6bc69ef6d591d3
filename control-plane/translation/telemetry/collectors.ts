/** Where spans are sent: a service of the mesh, or the mesh's own trace viewer. */
import { create } from '@bufbuild/protobuf';
import type { OpenTelemetryProvider } from '#api/mesh/extension-provider.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { HttpProtocolOptionsSchema } from '#api/xds/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { outboundCluster } from '#api/xds/names.ts';
import { tcpAddress } from '../address.ts';
import { CONNECT_TIMEOUT_MS, HTTP_OPTIONS } from '../clusters/connection-pool.ts';
import { type Encoded, encode } from '../encoded.ts';
import { durationOf, pack } from '../message.ts';
import type { MeshService } from '../model/mesh-service.ts';
import { TRACES_PROVIDER } from './providers.ts';

/** The trace viewer's OTLP over gRPC. */
export interface OwnCollector {
  readonly address: string;
  readonly port: number;
}

/** A cluster of no service: spans are the mesh's own traffic, and no scope of any workload hides it. */
export function ownCollectorCluster({ address, port }: OwnCollector): Encoded {
  const http2 = pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'http2ProtocolOptions', value: {} } },
    },
  });
  const endpoint = { address: tcpAddress(address, port) };
  const cluster = create(ClusterSchema, {
    name: TRACES_PROVIDER,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: durationOf(CONNECT_TIMEOUT_MS),
    typedExtensionProtocolOptions: { [HTTP_OPTIONS]: http2 },
    loadAssignment: {
      clusterName: TRACES_PROVIDER,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: endpoint } }] }],
    },
  });
  return encode(ClusterSchema, TRACES_PROVIDER, cluster);
}

/** The host that a provider names, whether or not it is a service. */
export function collectorHost({ service }: Pick<OpenTelemetryProvider, 'service'>): string {
  return service.slice(service.indexOf('/') + 1).toLowerCase();
}

/** Undefined while the service or its port is not there: nothing is traced until it is. */
export function collectorCluster(
  { service, port }: Pick<OpenTelemetryProvider, 'service' | 'port'>,
  services: ReadonlyMap<string, MeshService>,
): string | undefined {
  const host = collectorHost({ service });
  const found = services.get(host);
  const namespace = service.includes('/') ? service.slice(0, service.indexOf('/')) : found?.namespace;
  if (found === undefined || found.namespace !== namespace) return undefined;
  return found.ports.some(({ number }) => number === port) ? outboundCluster(port, '', host) : undefined;
}

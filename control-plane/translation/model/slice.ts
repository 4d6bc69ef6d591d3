import { type EndpointSlice, SERVICE_NAME_LABEL } from '#api/kinds/endpoint-slice.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { serviceHost } from '#api/mesh/names.ts';

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly zone: string;
  /** Of the node that it runs on; '' when that is not said. */
  readonly node: string;
  /** `NAMESPACE/NAME` of the pod behind it; undefined for an address without one. */
  readonly podKey: string | undefined;
}

/** An EndpointSlice as translation sees it: the endpoints that may be sent traffic, and the ports by name. */
export interface Slice {
  /** The service's full name. */
  readonly host: string;
  readonly portNumbers: ReadonlyMap<string, number>;
  readonly endpoints: readonly SliceEndpoint[];
}

/** Undefined for a slice that belongs to no service. */
export function sliceOf(slice: Stored<EndpointSlice>, domain: string): Slice | undefined {
  const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  if (service === undefined) return undefined;
  const namespace = slice.metadata.namespace ?? 'default';
  return {
    host: serviceHost(service, namespace, domain),
    portNumbers: new Map(
      slice.ports
        .filter((port) => port.protocol === 'TCP' && port.port !== undefined)
        .map((port) => [port.name ?? '', port.port!]),
    ),
    endpoints: slice.endpoints.filter(isReady).map((endpoint) => ({
      addresses: endpoint.addresses,
      zone: endpoint.zone ?? '',
      node: endpoint.nodeName ?? '',
      podKey:
        endpoint.targetRef?.kind === 'Pod'
          ? `${endpoint.targetRef.namespace ?? namespace}/${endpoint.targetRef.name}`
          : undefined,
    })),
  };
}

/** Kubernetes: an unknown readiness counts as ready. */
function isReady(endpoint: EndpointSlice['endpoints'][number]): boolean {
  return endpoint.conditions?.ready ?? true;
}

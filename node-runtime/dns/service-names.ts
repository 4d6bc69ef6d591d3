import { type Endpoint, type EndpointSlice, SERVICE_NAME_LABEL } from '#api/kinds/endpoint-slice.ts';
import { type Service, vipOf } from '#api/kinds/service.ts';

export interface NamedPort {
  readonly name: string;
  /** `_tcp` or `_udp`. */
  readonly protocol: string;
  readonly port: number;
}

export interface NamedEndpoint {
  /** The pod's hostname, else its address with dashes. */
  readonly host: string;
  readonly address: string;
  readonly ports: readonly NamedPort[];
}

/** What DNS says of one service. */
export interface ServiceNames {
  readonly name: string;
  readonly namespace: string;
  /** Undefined for a headless service, whose endpoints answer in its place. */
  readonly vip: string | undefined;
  readonly ports: readonly NamedPort[];
  readonly endpoints: readonly NamedEndpoint[];
}

/** Joins services and their endpoint slices. A service that waits for its address has no name yet. */
export function serviceNames(services: readonly Service[], slices: readonly EndpointSlice[]): ServiceNames[] {
  const slicesOf = Map.groupBy(slices, (slice) =>
    keyOf(slice.metadata.namespace, slice.metadata.labels?.[SERVICE_NAME_LABEL]),
  );
  return services.flatMap((service) => {
    const vip = vipOf(service);
    if (vip === undefined && service.spec.clusterIP !== 'None') return [];
    const own = slicesOf.get(keyOf(service.metadata.namespace, service.metadata.name)) ?? [];
    return [
      {
        name: (service.metadata.name ?? '').toLowerCase(),
        namespace: (service.metadata.namespace ?? 'default').toLowerCase(),
        vip,
        ports: (service.spec.ports ?? []).map((port) => namedPort(port.name, port.protocol, port.port)),
        endpoints: own.flatMap((slice) => endpointsOf(slice, service.spec.publishNotReadyAddresses === true)),
      },
    ];
  });
}

function keyOf(namespace: string | undefined, name: string | undefined): string {
  return `${namespace ?? 'default'}/${name ?? ''}`;
}

function endpointsOf(slice: EndpointSlice, withUnready: boolean): NamedEndpoint[] {
  const ports = slice.ports.flatMap((port) =>
    port.port === undefined ? [] : [namedPort(port.name, port.protocol, port.port)],
  );
  return slice.endpoints
    .filter((endpoint) => withUnready || endpoint.conditions?.ready !== false)
    .flatMap((endpoint) =>
      endpoint.addresses.map((address) => ({ host: hostOf(endpoint, address), address, ports })),
    );
}

function hostOf(endpoint: Endpoint, address: string): string {
  return (endpoint.hostname ?? address.replaceAll('.', '-')).toLowerCase();
}

function namedPort(name: string | undefined, protocol: 'TCP' | 'UDP', port: number): NamedPort {
  return { name: (name ?? '').toLowerCase(), protocol: `_${protocol.toLowerCase()}`, port };
}

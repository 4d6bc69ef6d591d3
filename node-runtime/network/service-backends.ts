import { type EndpointSlice, SERVICE_NAME_LABEL } from '#api/kinds/endpoint-slice.ts';
import { type Service, vipOf } from '#api/kinds/service.ts';
import { contains, parseCidr } from '#api/mesh/addresses.ts';

/** One address and port that a service is reached at, and where it may lead. */
export interface VirtualPort {
  readonly vip: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Ready endpoints, sorted; none when the port has to refuse. */
  readonly backends: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Pure: what services and their endpoints say, as virtual ports. Addresses come from API objects that users write, so a VIP
 * outside the service range (which could take over the host's own traffic) and an endpoint that is no address of a
 * workload are passed over.
 */
export function virtualPorts(
  serviceCidr: string,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): VirtualPort[] {
  const range = parseCidr(serviceCidr);
  const slicesOf = Map.groupBy(slices, (slice) =>
    keyOf(slice.metadata.namespace, slice.metadata.labels?.[SERVICE_NAME_LABEL]),
  );
  const taken = new Set<string>();
  return services.flatMap((service) => {
    const vip = vipOf(service);
    if (vip === undefined || !IPV4.test(vip) || !contains(range, vip)) return [];
    const own = slicesOf.get(keyOf(service.metadata.namespace, service.metadata.name)) ?? [];
    return (service.spec.ports ?? []).flatMap((port): VirtualPort[] => {
      const protocol = port.protocol === 'UDP' ? 'udp' : 'tcp';
      const key = `${vip} ${protocol} ${port.port}`;
      if (taken.has(key)) return [];
      taken.add(key);
      return [{ vip, protocol, port: port.port, backends: backendsOf(own, port.name ?? '', port.protocol) }];
    });
  });
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
/** More endpoints than this for one port are left out: the host's own calls do not need them all. */
const MAX_BACKENDS = 1_000;

function keyOf(namespace: string | undefined, name: string | undefined): string {
  return `${namespace ?? 'default'}/${name ?? ''}`;
}

function backendsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: string,
): VirtualPort['backends'] {
  const found = new Map<string, { address: string; port: number }>();
  for (const slice of slices) {
    const port = slice.ports.find(
      (each) => (each.name ?? '') === portName && each.protocol === protocol,
    )?.port;
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints) {
      const address = endpoint.addresses[0];
      if (endpoint.conditions?.ready === false || !isWorkloadAddress(address)) continue;
      found.set(`${address}:${port}`, { address, port });
    }
  }
  return [...found.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_BACKENDS)
    .map(([, backend]) => backend);
}

/** Loopback, link-local and multicast addresses would lead into the host: Kubernetes refuses them as well. */
function isWorkloadAddress(address: string | undefined): address is string {
  if (address === undefined || !IPV4.test(address)) return false;
  const [first, second] = address.split('.').map(Number) as [number, number];
  return first !== 0 && first !== 127 && first < 224 && !(first === 169 && second === 254);
}

import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import { type Service, vipOf } from '#api/kinds/service.ts';
import { serviceHost } from '#api/mesh/names.ts';
import { exportToOf } from './export-to.ts';
import { type Protocol, protocolOf } from './protocol.ts';

export interface MeshPort {
  readonly number: number;
  /** '' for an unnamed port. */
  readonly name: string;
  readonly protocol: Protocol;
  /** A number, or the name of a container port. */
  readonly targetPort: number | string;
}

/** How the endpoints of a service are found: ServiceEntry's words. Kubernetes Services are STATIC. */
export type Resolution = 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN';

/**
 * A service as translation sees it, whether a Kubernetes Service or one host of a ServiceEntry: its TCP ports with
 * their protocols, and its full name.
 */
export interface MeshService {
  readonly source: 'Service' | 'ServiceEntry';
  /** A name, or for a ServiceEntry also a wildcard (`*.example.com`). */
  readonly host: string;
  /** Of the object behind it. */
  readonly name: string;
  readonly namespace: string;
  /** The address that its clients connect to. Undefined for a headless service and while none was given. */
  readonly vip: string | undefined;
  /** Every address and CIDR prefix that means this service; the VIP comes first. */
  readonly addresses: readonly string[];
  /** Undefined: no pod is selected, the endpoints are somebody else's. */
  readonly selector: Labels | undefined;
  readonly ports: readonly MeshPort[];
  readonly resolution: Resolution;
  /** ServiceEntry MESH_EXTERNAL. */
  readonly external: boolean;
  /** Istio `exportTo`; empty: every namespace sees it. */
  readonly exportTo: readonly string[];
  /** Names of which one must be in a TLS server's certificate; empty: not checked. */
  readonly subjectAltNames: readonly string[];
  readonly createdAt: string;
}

/** Who has what two services ask for (an address, a domain): a Kubernetes Service before ServiceEntries, and of those the oldest. */
export function rankOf({ source, createdAt, host }: MeshService): string {
  return source === 'Service' ? `0 ${host}` : `1 ${createdAt} ${host}`;
}

export function meshServiceOf(service: Stored<Service>, domain: string): MeshService {
  const { name, namespace = 'default', creationTimestamp } = service.metadata;
  const selector = service.spec.selector ?? {};
  const vip = vipOf(service as Service);
  return {
    source: 'Service',
    host: serviceHost(name, namespace, domain),
    name,
    namespace,
    vip,
    addresses: vip === undefined ? [] : [vip],
    selector: Object.keys(selector).length === 0 ? undefined : selector,
    ports: (service.spec.ports ?? [])
      .filter((port) => port.protocol === 'TCP')
      .map((port) => ({
        number: port.port,
        name: port.name ?? '',
        protocol: protocolOf(port),
        targetPort: port.targetPort ?? port.port,
      })),
    resolution: 'STATIC',
    external: false,
    exportTo: exportToOf(service.metadata.annotations),
    subjectAltNames: [],
    createdAt: creationTimestamp,
  };
}

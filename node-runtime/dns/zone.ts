import { type DnsRecord, NODATA, NXDOMAIN, type Reply, records } from './reply.ts';
import type { NamedEndpoint, NamedPort, ServiceNames } from './service-names.ts';

/**
 * The mesh's zone, as the Kubernetes DNS specification lays it out:
 *
 *   NAME.NS.svc.DOMAIN                 A: the VIP, or every ready endpoint of a headless service
 *   HOST.NAME.NS.svc.DOMAIN            A: one endpoint of a headless service
 *   _PORT._PROTO.NAME.NS.svc.DOMAIN    SRV: a named port
 *   D.C.B.A.in-addr.arpa               PTR: the service of a VIP, the name of a headless endpoint
 *
 * Immutable: built anew when services or endpoints change.
 */
export class Zone {
  readonly #domain: string;
  readonly #services = new Map<string, ServiceNames>();
  readonly #namespaces = new Set<string>();
  readonly #reverse = new Map<string, string>();

  constructor(domain: string, services: readonly ServiceNames[]) {
    this.#domain = domain.toLowerCase();
    for (const service of services) {
      this.#services.set(`${service.name}.${service.namespace}`, service);
      this.#namespaces.add(service.namespace);
      this.#addReverse(service);
    }
  }

  get domain(): string {
    return this.#domain;
  }

  /** Whether `name` (lower case, no final dot) belongs to the zone. */
  owns(name: string): boolean {
    return name === this.#domain || name.endsWith(`.${this.#domain}`);
  }

  /** The name behind an address, when it has one here. */
  reverse(address: string): string | undefined {
    return this.#reverse.get(address);
  }

  /** Answers a question about a name that the zone owns. */
  lookup(name: string, type: string): Reply {
    const labels = name
      .slice(0, -this.#domain.length - 1)
      .split('.')
      .reverse();
    if (name === this.#domain) return NODATA;
    const [kind, namespace, serviceName, ...rest] = labels;
    if (kind !== 'svc') return NXDOMAIN;
    if (namespace === undefined) return NODATA;
    if (serviceName === undefined) return this.#namespaces.has(namespace) ? NODATA : NXDOMAIN;
    const service = this.#services.get(`${serviceName}.${namespace}`);
    if (service === undefined) return NXDOMAIN;
    return this.#within(service, rest, name, type);
  }

  #within(service: ServiceNames, rest: readonly string[], name: string, type: string): Reply {
    const [first, second] = rest;
    if (first === undefined) return type === 'A' ? records(addresses(service, name)) : NODATA;
    if (rest.length > 2) return NXDOMAIN;
    if (first.startsWith('_')) return this.#srv(service, first, second, name, type);
    if (second !== undefined || service.vip !== undefined) return NXDOMAIN;
    const hosts = service.endpoints.filter((endpoint) => endpoint.host === first);
    if (hosts.length === 0) return NXDOMAIN;
    return type === 'A' ? records(hosts.map(({ address }) => ({ type: 'A', name, address }))) : NODATA;
  }

  #srv(
    service: ServiceNames,
    protocol: string,
    portName: string | undefined,
    name: string,
    type: string,
  ): Reply {
    const fits = (port: NamedPort): boolean =>
      port.protocol === protocol &&
      port.name !== '' &&
      (portName === undefined || `_${port.name}` === portName);
    const known = service.ports.some(fits) || service.endpoints.some((endpoint) => endpoint.ports.some(fits));
    if (!known) return NXDOMAIN;
    if (portName === undefined || type !== 'SRV') return NODATA;
    const full = this.#fullName(service);
    if (service.vip !== undefined) {
      const answers = service.ports
        .filter(fits)
        .map(({ port }): DnsRecord => ({ type: 'SRV', name, target: full, port }));
      return records(answers, addresses(service, full));
    }
    const pairs = service.endpoints.flatMap((endpoint) =>
      endpoint.ports.filter(fits).map(({ port }) => ({ endpoint, port, target: `${endpoint.host}.${full}` })),
    );
    return records(
      pairs.map(({ target, port }) => ({ type: 'SRV', name, target, port })),
      pairs.map(({ target, endpoint }) => ({ type: 'A', name: target, address: endpoint.address })),
    );
  }

  #fullName(service: ServiceNames): string {
    return `${service.name}.${service.namespace}.svc.${this.#domain}`;
  }

  #addReverse(service: ServiceNames): void {
    const full = this.#fullName(service);
    if (service.vip !== undefined) {
      this.#reverse.set(service.vip, full);
      return;
    }
    for (const { address, host } of service.endpoints) this.#reverse.set(address, `${host}.${full}`);
  }
}

function addresses(service: ServiceNames, name: string): DnsRecord[] {
  const found = service.vip === undefined ? unique(service.endpoints) : [service.vip];
  return found.map((address) => ({ type: 'A', name, address }));
}

function unique(endpoints: readonly NamedEndpoint[]): string[] {
  return [...new Set(endpoints.map(({ address }) => address))];
}

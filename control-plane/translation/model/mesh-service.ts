import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import { type Service, vipOf } from '#api/kinds/service.ts';
import { serviceHost } from '#api/mesh/names.ts';
import { type Protocol, protocolOf } from './protocol.ts';

export interface MeshPort {
  readonly number: number;
  /** '' for an unnamed port. */
  readonly name: string;
  readonly protocol: Protocol;
  /** A number, or the name of a container port. */
  readonly targetPort: number | string;
}

/** A Service as translation sees it: its TCP ports with their protocols, and its full name. */
export interface MeshService {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
  /** Undefined for a headless service and for one that has no address yet. */
  readonly vip: string | undefined;
  /** Undefined: the endpoints are somebody else's, no pod is selected. */
  readonly selector: Labels | undefined;
  readonly ports: readonly MeshPort[];
  readonly createdAt: string;
}

export function meshServiceOf(service: Stored<Service>, domain: string): MeshService {
  const { name, namespace = 'default', creationTimestamp } = service.metadata;
  const selector = service.spec.selector ?? {};
  return {
    host: serviceHost(name, namespace, domain),
    name,
    namespace,
    vip: vipOf(service as Service),
    selector: Object.keys(selector).length === 0 ? undefined : selector,
    ports: (service.spec.ports ?? [])
      .filter((port) => port.protocol === 'TCP')
      .map((port) => ({
        number: port.port,
        name: port.name ?? '',
        protocol: protocolOf(port),
        targetPort: port.targetPort ?? port.port,
      })),
    createdAt: creationTimestamp,
  };
}

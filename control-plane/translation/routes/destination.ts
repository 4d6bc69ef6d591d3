import type { Destination } from '#api/kinds/virtual-service.ts';
import { resolveHost } from '#api/mesh/names.ts';
import { outboundCluster } from '#api/xds/names.ts';
import type { MeshService } from '../model/mesh-service.ts';

/** What a destination's meaning depends on beside itself. */
export interface DestinationContext {
  /** Of the rule that names the destination: short names are resolved there. */
  readonly namespace: string;
  readonly domain: string;
  readonly service: (host: string) => MeshService | undefined;
}

export function destinationHost(destination: Destination, context: DestinationContext): string {
  return resolveHost(destination.host.toLowerCase(), context.namespace, context.domain);
}

/**
 * Istio: the port that is named; else the service's only port; else the port that the request was sent to.
 */
export function destinationPort(
  destination: Destination,
  requestPort: number,
  context: DestinationContext,
): number {
  if (destination.port !== undefined) return destination.port.number;
  const ports = context.service(destinationHost(destination, context))?.ports ?? [];
  return ports.length === 1 ? ports[0]!.number : requestPort;
}

/** The cluster's name. It may not exist: Envoy then answers 503, and a condition says why. */
export function destinationCluster(
  destination: Destination,
  requestPort: number,
  context: DestinationContext,
): string {
  const port = destinationPort(destination, requestPort, context);
  return outboundCluster(port, destination.subset ?? '', destinationHost(destination, context));
}

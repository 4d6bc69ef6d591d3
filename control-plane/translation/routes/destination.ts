import type { Destination } from '#api/kinds/virtual-service.ts';
import { outboundCluster } from '#api/xds/names.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { Client } from '../model/rule-book.ts';
import type { TrafficRules } from '../model/traffic-rules.ts';
import { hashPolicies } from './hash-policy.ts';

/** What a destination's meaning depends on beside itself. Its host is a full name. */
export interface DestinationContext {
  readonly service: (host: string) => MeshService | undefined;
  readonly trafficRules: (host: string, client: Client) => TrafficRules;
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
  const ports = context.service(destination.host)?.ports ?? [];
  return ports.length === 1 ? ports[0]!.number : requestPort;
}

/** The cluster's name. It may not exist: Envoy then answers 503, and a condition says why. */
export function destinationCluster(
  destination: Destination,
  requestPort: number,
  context: DestinationContext,
): string {
  const port = destinationPort(destination, requestPort, context);
  return outboundCluster(port, destination.subset ?? '', destination.host);
}

/** What is hashed to choose among the destination's endpoints; nothing while it is not there. */
export function destinationHash(
  destination: Destination,
  requestPort: number,
  context: DestinationContext,
  client: Client,
): ReturnType<typeof hashPolicies> {
  if (context.service(destination.host) === undefined) return [];
  const port = destinationPort(destination, requestPort, context);
  return hashPolicies(context.trafficRules(destination.host, client), destination.subset ?? '', port);
}

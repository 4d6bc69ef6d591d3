/**
 * Which Gateways a gateway's pod serves, and what that asks of each of its ports. Pure.
 */
import type { Gateway, GatewayServer } from '#api/kinds/gateway.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import { byAge, keyOf } from '../model/host-match.ts';

/** How the connections of a port are read. */
export type Layer = 'http' | 'https' | 'tls' | 'tcp';

export interface Server {
  /** `NAMESPACE/NAME` of its Gateway. */
  readonly gateway: string;
  readonly server: GatewayServer;
  /** Unique among the servers of the Gateway's port. */
  readonly name: string;
}

/** All servers of one port number; they are read in one way. */
export interface ServedPort {
  readonly number: number;
  readonly bind: string;
  readonly layer: 'http' | 'tls' | 'tcp';
  readonly servers: readonly Server[];
}

/** Istio: a Gateway goes for the pods that carry its selector, in every namespace; without one, for every gateway. */
export function gatewaysFor(labels: Labels, gateways: Iterable<Stored<Gateway>>): Stored<Gateway>[] {
  return [...gateways].filter(({ spec }) => carries(labels, spec.selector ?? {})).sort(byAge);
}

/** The ports of some Gateways, oldest first: a port is read as its first server asks, and servers that ask otherwise are left out. */
export function servedPorts(gateways: readonly Stored<Gateway>[]): ServedPort[] {
  const servers = gateways.flatMap((gateway) =>
    gateway.spec.servers.map(
      (server, i): Server => ({ gateway: keyOf(gateway), server, name: nameOf(server, i) }),
    ),
  );
  const byPort = Map.groupBy(servers, ({ server }) => server.port.number);
  return [...byPort].map(([number, all]) => {
    const layer = listenerLayer(all[0]!.server);
    const bind = bindOf(all[0]!.server);
    const alike = all.filter(({ server }) => listenerLayer(server) === layer && bindOf(server) === bind);
    return { number, bind, layer, servers: alike };
  });
}

/** Whether a server's port is read as the first server of that port asks. */
export function layerOf({ port: { protocol }, tls }: GatewayServer): Layer {
  const terminates = tls?.mode !== undefined && tls.mode !== 'PASSTHROUGH';
  switch (protocol) {
    case 'HTTP':
    case 'HTTP2':
    case 'GRPC':
      return 'http';
    case 'HTTPS':
      return terminates ? 'https' : 'tls';
    case 'TLS':
      return 'tls';
    case 'TCP':
    case 'MONGO':
      return 'tcp';
  }
}

/** An empty address is every one, as an absent one is. */
function bindOf({ bind }: GatewayServer): string {
  return bind || '0.0.0.0';
}

/** TLS that ends here and TLS that passes can share a port: the server name tells them apart. */
function listenerLayer(server: GatewayServer): ServedPort['layer'] {
  const layer = layerOf(server);
  return layer === 'https' ? 'tls' : layer;
}

function nameOf({ name, port }: GatewayServer, place: number): string {
  return name ?? (port.name || String(place));
}

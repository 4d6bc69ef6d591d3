/** The listeners of a soak as xDS resources, and the destinations that they stand for. */
import type { JsonObject } from '@bufbuild/protobuf';
import type { Random } from '#api/foundation/random.ts';
import type { Resource } from '#sidecar/discovery/resource.ts';
import {
  httpManager,
  listener,
  socketAddress,
  tcpProxy,
  VIRTUAL_OUTBOUND_LISTENER,
} from '#sidecar/discovery/test-resources.ts';
import type { Destination } from './destinations.ts';
import { pick } from './dice.ts';
import { BROKEN, ECHO, GREETER, INBOUND, INBOUND_TCP } from './mesh-clusters.ts';

/** Nothing listens there: without a listener of the mesh, connections to it are refused, and none goes beyond loopback. */
export const FLEETING_PORT = 9;

/** Destinations by index; clients name them. */
export const TO = {
  web: 0,
  opaque: 1,
  detected: 2,
  fleeting: 3,
  broken: 4,
  inbound: 5,
  inboundTcp: 6,
  passing: 7,
  greeted: 8,
} as const;

export function destinations(passingPort: number): Destination[] {
  return [
    { address: '10.96.0.1', port: 80 },
    { address: '10.96.0.2', port: 3306 },
    { address: '10.96.0.3', port: 90 },
    { address: '127.0.0.1', port: FLEETING_PORT },
    { address: '10.96.0.5', port: 4000 },
    { address: '10.0.0.9', port: 9080 },
    { address: '10.0.0.9', port: 9090 },
    { address: '127.0.0.1', port: passingPort },
    { address: '10.96.0.6', port: 91 },
  ];
}

const OVER_RDS: JsonObject = {
  rds: { config_source: { ads: {} }, route_config_name: '80' },
  upgrade_configs: [{ upgrade_type: 'websocket' }],
};

/** `revision` makes it another listener, whose connections are to end in peace. */
export function webListener(port: number, revision: number): Resource {
  return listener(`0.0.0.0_${port}`, {
    address: socketAddress('0.0.0.0', port),
    bind_to_port: false,
    filter_chains: [{ filters: [httpManager({ ...OVER_RDS, stat_prefix: `r${revision}` })] }],
  });
}

function opaqueListener({ address, port }: Destination, clusterName: string, random: Random): Resource {
  const idle = { idle_timeout: pick(random, ['0s', '1s', '60s']) };
  return listener(`${address}_${port}`, {
    address: socketAddress(address, port),
    bind_to_port: false,
    filter_chains: [{ filters: [tcpProxy(clusterName, clusterName === ECHO ? {} : idle)] }],
  });
}

/** HTTP when it looks like it, else opaque. */
function detectingListener({ address, port }: Destination, clusterName: string): Resource {
  return listener(`${address}_${port}`, {
    address: socketAddress(address, port),
    bind_to_port: false,
    filter_chains: [
      {
        filter_chain_match: { application_protocols: ['http/1.0', 'http/1.1', 'h2c'] },
        filters: [httpManager(OVER_RDS)],
      },
    ],
    default_filter_chain: { filters: [tcpProxy(clusterName)] },
  } as JsonObject);
}

function inboundListener(): Resource {
  const route = { name: 'in', match: { prefix: '/' }, route: { cluster: INBOUND, timeout: '0s' } };
  const table = { name: 'in', virtual_hosts: [{ name: 'in', domains: ['*'], routes: [route] }] };
  return listener('virtualInbound', {
    address: socketAddress('0.0.0.0', 15006),
    traffic_direction: 'INBOUND',
    filter_chains: [
      {
        filter_chain_match: { destination_port: 9080 },
        filters: [httpManager({ route_config: table, upgrade_configs: [{ upgrade_type: 'websocket' }] })],
      },
      { filter_chain_match: { destination_port: 9090 }, filters: [tcpProxy(INBOUND_TCP)] },
    ],
  } as JsonObject);
}

/** Everything but the web listener that changes. */
export function standingListeners(where: readonly Destination[], random: Random): Resource[] {
  return [
    VIRTUAL_OUTBOUND_LISTENER,
    opaqueListener(where[TO.opaque]!, ECHO, random),
    opaqueListener(where[TO.broken]!, BROKEN, random),
    detectingListener(where[TO.detected]!, ECHO),
    detectingListener(where[TO.greeted]!, GREETER),
    inboundListener(),
  ];
}

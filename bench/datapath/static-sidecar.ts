/**
 * The sidecar's data path as production runs it, with a configuration that stands still: real listener, route table,
 * balancer, pools and metrics; only discovery and redirection are left out.
 *
 * Usage: node bench/datapath/static-sidecar.ts outbound|inbound http|tcp PORT BACKEND_PORT,… [BALANCER]
 */
import { create } from '@bufbuild/protobuf';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { RouteSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { accept } from '#sidecar/discovery/refusals.ts';
import type { ListenerTarget, Snapshot } from '#sidecar/discovery/snapshot.ts';
import { startInterception } from '#sidecar/intercept/interception.ts';
import { compileRouteTable } from '#sidecar/routing/compile-route-table.ts';
import { MeshTelemetry } from '#sidecar/telemetry/mesh-telemetry.ts';
import { type BalancerPolicy, DEFAULT_POLICY } from '#sidecar/upstream/balancer.ts';
import { DEFAULT_LIMITS } from '#sidecar/upstream/circuit-breakers.ts';
import { DEFAULT_CONNECTIONS } from '#sidecar/upstream/cluster-policy.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import { oneLocality } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_LOCALITY } from '#sidecar/upstream/locality/locality-policy.ts';

const BALANCERS = new Map<string, BalancerPolicy>([
  ['peak-ewma', DEFAULT_POLICY],
  ['least-request', { kind: 'least-request', choices: 2 }],
  ['round-robin', { kind: 'round-robin' }],
]);

const [direction, protocol, port, backendPorts = '', balancer = 'peak-ewma'] = process.argv.slice(2);
if (direction !== 'outbound' && direction !== 'inbound') throw new Error('say outbound or inbound');
if (protocol !== 'http' && protocol !== 'tcp') throw new Error('say http or tcp');
const policy = BALANCERS.get(balancer);
if (policy === undefined) throw new Error(`say one of ${[...BALANCERS.keys()].join(', ')}`);

const clock = systemClock;
const random = systemRandom;
const name = 'outbound|80||app.bench.svc.cluster.local';
const cluster = new EndpointCluster(
  {
    name,
    service: { host: 'app.bench.svc.cluster.local', name: 'app', namespace: 'bench' },
    connectTimeoutMs: 10_000,
    balancer: policy,
    locality: DEFAULT_LOCALITY,
    outlier: undefined,
    limits: DEFAULT_LIMITS,
    connections: DEFAULT_CONNECTIONS,
    localAddress: undefined,
  },
  clock,
  random,
);
cluster.replaceEndpoints(
  oneLocality(
    backendPorts.split(',').map((backend) => ({
      address: '127.0.0.1',
      port: Number(backend),
      workload: undefined,
      weight: 1,
    })),
  ),
);

/** What the control plane makes of a Service without a VirtualService. */
function defaultRoutes(): RouteConfiguration {
  const route = create(RouteSchema, {
    name: 'default',
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: name },
        timeout: { seconds: 15n },
        retryPolicy: { retryOn: 'connect-failure', numRetries: 2 },
      },
    },
  });
  const domains = ['app.bench.svc.cluster.local', 'app', '127.0.0.1', '*'];
  return create(RouteConfigurationSchema, {
    name: '80',
    virtualHosts: [{ name: 'app.bench.svc.cluster.local:80', domains, routes: [route] }],
  });
}

const table = accept((place) =>
  compileRouteTable(
    defaultRoutes(),
    { clusters: { get: () => cluster }, random, clusterNames: new Set() },
    place,
  ),
);
if (!table.ok) throw new Error(table.reasons.join('; '));

const target: ListenerTarget = {
  protocol,
  routes: () => ({ state: 'found', value: table.value }),
  cluster: () => ({ state: 'found', value: cluster }),
  name: '0.0.0.0_80',
};
const found = { state: 'found' as const, value: { plain: target } };
const snapshot: Snapshot = { outbound: () => found, inbound: () => found, bound: [], serves: () => true };

await startInterception({
  direction,
  host: '127.0.0.1',
  port: Number(port),
  snapshot: { value: snapshot },
  telemetry: new MeshTelemetry({
    name: 'client-0',
    namespace: 'bench',
    workload: 'client',
    cluster: 'Kubernetes',
    labels: { app: 'client', version: 'v1' },
  }),
  originalDestination: { read: () => ({ address: '10.96.0.10', port: 80 }) },
  clock,
  random,
  logger: silentLogger,
  pod: 'client-0.bench',
});

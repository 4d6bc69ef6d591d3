/**
 * `node control-plane.ts PLAN_JSON`: the control plane's translation and push over objects that stand still. Sidecars connect to
 * it and get what they would get in a mesh: every route, retry, deadline and outlier setting is the product's own.
 */
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { kindFor } from '#api/kinds/all.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { startPush } from '#control-plane/push/push.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { type MeshPlan, SERVICE } from './mesh-plan.ts';

const { name, namespace } = SERVICE;
const plan = JSON.parse(process.argv[2] ?? '') as MeshPlan;
const client = new MemoryClient();

await client.create(
  Service,
  Service.schema.parse({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      clusterIP: SERVICE.address,
      selector: { app: name },
      ports: [{ name: plan.protocol, port: SERVICE.port, targetPort: plan.appPort }],
    },
  }),
);
await client.create(Pod, pod('client', []));
await client.create(Pod, pod('app', [{ name: plan.protocol, containerPort: plan.appPort }]));
for (const [i, port] of plan.endpoints.entries()) await client.create(EndpointSlice, slice(i, port));
await client.create(DestinationRule, rule());
for (const object of plan.objects ?? []) {
  const kind = kindFor(object.apiVersion, object.kind);
  if (kind === undefined) throw new Error(`there is no kind ${object.kind} in ${object.apiVersion}`);
  await client.create(kind, kind.schema.parse(object));
}

await startPush({
  client,
  config: {
    dataDir: plan.directory,
    runDir: plan.directory,
    clusterDomain: 'cluster.local',
    xdsPort: plan.xdsPort,
  },
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
});

function pod(app: string, ports: readonly { name: string; containerPort: number }[]): Pod {
  return Pod.schema.parse({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${app}-0`, namespace, labels: { app, version: 'v1' } },
    spec: { containers: [{ name: app, command: ['serve'], ports }] },
    status: { phase: 'Running', podIP: '127.0.0.1' },
  });
}

function slice(index: number, port: number): EndpointSlice {
  return EndpointSlice.schema.parse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${index}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], targetRef: { kind: 'Pod', name: 'app-0', namespace } }],
    ports: [{ name: plan.protocol, port }],
  });
}

/** Outlier detection watches as in production; nothing that is measured here fails. */
function rule(): DestinationRule {
  const { loadBalancer } = plan;
  return DestinationRule.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name, namespace },
    spec: {
      host: name,
      trafficPolicy: {
        outlierDetection: { consecutive5xxErrors: 5, interval: '10s', baseEjectionTime: '30s' },
        ...(loadBalancer && { loadBalancer: { simple: loadBalancer } }),
      },
    },
  });
}

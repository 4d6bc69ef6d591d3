import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigMap } from '#api/kinds/config-map.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { awaitLive } from '#cli/rollout/live.ts';
import { COLLECTOR, type Export, exportsAt } from '../support/collector-program.ts';
import { ENDPOINT } from '../support/endpoint-program.ts';
import { execInPod } from '../support/exec-in-pod.ts';
import { TestMesh } from '../support/mesh.ts';
import { programPod, service } from '../support/programs.ts';
import { mistakesIn, outline, type SeenSpan, spansOf, tracesOf } from '../support/span-trees.ts';

/**
 * A collector of one's own: a service of the mesh with a sidecar beside it, in a namespace that the workloads' Sidecar hides
 * from them, over gRPC and over HTTP; and one without a sidecar behind ServiceEntries, by its address and by a name.
 */
const LIVE_SECONDS = 20;
const NAMESPACE = 'observability';
const SERVICE = `otel.${NAMESPACE}.svc.cluster.local`;
let mesh: TestMesh;
/** Addresses of the collector in the mesh, and of the one outside. */
let inside = '';
let outside = '';

function collectorPod(name: string, annotations: object): object {
  const { metadata, ...rest } = programPod({ name, app: name, program: COLLECTOR, ready: true }) as {
    metadata: object;
  };
  return { ...rest, metadata: { ...metadata, namespace: NAMESPACE, annotations } };
}

function collectorService(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      selector: { app: name },
      ports: [
        { name: 'grpc-otlp', port: 4317 },
        { name: 'http-otlp', port: 4318 },
      ],
    },
  };
}

/** A ServiceEntry for the collector outside. */
function entry(name: string, resolution: string, address: string): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name },
    spec: {
      hosts: [`${name}.example`],
      location: 'MESH_EXTERNAL',
      resolution,
      ports: [{ number: 4317, name: 'grpc', protocol: 'GRPC' }],
      endpoints: [{ address }],
    },
  };
}

beforeAll(async () => {
  mesh = await TestMesh.start();
  await mesh.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } },
    collectorPod('otel', {}),
    collectorService('otel'),
    collectorPod('plain', { 'sidecar.istio.io/inject': 'false' }),
    collectorService('plain'),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Sidecar',
      metadata: { name: 'default' },
      spec: { egress: [{ hosts: ['./web.default.svc.cluster.local'] }] },
    },
    service('web'),
    programPod({ name: 'web', app: 'web', program: ENDPOINT, ready: true }),
    readFileSync('examples/curl/curl.yaml', 'utf8'),
  );
  await set(`
extensionProviders:
- name: grpc
  opentelemetry:
    service: ${SERVICE}
    port: 4317
    grpc: { timeout: 5s, initialMetadata: [{ name: X-Tenant, value: shop }] }
- name: http
  opentelemetry:
    service: ${NAMESPACE}/${SERVICE}
    port: 4318
    http: { path: /v1/traces, timeout: 5s, headers: [{ name: Authorization, value: Api-Token abc }] }
- { name: by-address, opentelemetry: { service: by-address.example, port: 4317 } }
- { name: by-name, opentelemetry: { service: by-name.example, port: 4317 } }
`);
  await mesh.podReady('web');
  await mesh.podsReady('curl', 1);
  inside = await collectorAt('otel');
  outside = await collectorAt('plain');
  await mesh.apply(
    entry('by-address', 'STATIC', outside),
    entry('by-name', 'DNS', `plain.${NAMESPACE}.svc.cluster.local`),
  );
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Its address, once it is ready. */
function collectorAt(name: string): Promise<string> {
  const isReady = ({ status }: Stored<Pod>): boolean =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
  return mesh.until(`the collector ${name} is ready`, async () => {
    const pod = await mesh.client.get(Pod, NAMESPACE, name);
    return pod !== undefined && isReady(pod) ? pod.status?.podIP : undefined;
  });
}

async function set(text: string): Promise<void> {
  const metadata = { name: 'istio', namespace: 'istio-system' };
  await mesh.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh: text } });
  const map = await mesh.client.get(ConfigMap, metadata.namespace, metadata.name);
  await awaitLive(mesh.client, map!.metadata.resourceVersion, LIVE_SECONDS);
}

/** Every request of the mesh is told to this provider. */
async function traceTo(provider: string): Promise<void> {
  await mesh.apply({
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 'mesh', namespace: 'istio-system' },
    spec: { tracing: [{ providers: [{ name: provider }], randomSamplingPercentage: 100 }] },
  });
}

async function ask(agent: string): Promise<void> {
  const [pod] = await mesh.podsReady('curl', 1);
  const command = ['curl', '-s', '-o', '/dev/null', '-A', agent, 'http://web/asked'];
  await execInPod(mesh.config, pod!.metadata.name, command, undefined, 'curl');
}

/** Asks until a request was told whole: connections that stand keep what was in force before. */
async function tracedBy(sent: () => Promise<readonly Export['message'][]>): Promise<SeenSpan[]> {
  return mesh.until('a whole trace has come', async () => {
    const agent = randomUUID();
    await ask(agent);
    for (let i = 0; i < 100; i++) {
      const found = [...tracesOf(spansOf(await sent())).values()].find((spans) =>
        spans.some(({ attributes }) => attributes.get('user_agent') === agent),
      );
      if (found?.length === 3 && mistakesIn(found).length === 0) return found;
      await mesh.quiet(30);
    }
    return undefined;
  });
}

const TREE = `\
client curl GET /asked 200
  try web 200
    server web GET /asked 200`;

const sentTo = async (address: string, way: Export['way']) =>
  (await exportsAt(address)).filter((each) => each.way === way).map(({ message }) => message);

test('gets whole traces over gRPC, with the metadata of the provider', async () => {
  await traceTo('grpc');
  expect(outline(await tracedBy(() => sentTo(inside, 'grpc')))).toBe(TREE);
  const [sent] = await exportsAt(inside);
  expect(sent?.head).toMatchObject({
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    ':authority': SERVICE,
    'x-tenant': 'shop',
  });
});

test('gets whole traces over HTTP, with the headers of the provider', async () => {
  await traceTo('http');
  expect(outline(await tracedBy(() => sentTo(inside, 'http')))).toBe(TREE);
  const sent = (await exportsAt(inside)).find(({ way }) => way === 'http');
  expect(sent?.head).toMatchObject({
    ':path': '/v1/traces',
    host: `${SERVICE}:4318`,
    authorization: 'Api-Token abc',
    'content-type': 'application/x-protobuf',
  });
});

test('gets no spans of the exports themselves', async () => {
  const names = spansOf((await exportsAt(inside)).map(({ message }) => message)).map(
    ({ attributes }) => `${attributes.get('url.path')}`,
  );
  expect(names.filter((path) => path !== '/asked' && path !== 'undefined')).toEqual([]);
});

test.each(['by-address', 'by-name'])('may be outside of the mesh, known %s', async (provider) => {
  await traceTo(provider);
  expect(outline(await tracedBy(() => sentTo(outside, 'grpc')))).toBe(TREE);
  expect((await exportsAt(outside)).at(-1)?.head[':authority']).toBe(`${provider}.example`);
});

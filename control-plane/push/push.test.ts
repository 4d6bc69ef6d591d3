import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { type PushServer, startPush } from './push.ts';
import { DeltaProxy } from './testing/delta-proxy.ts';

let directory: string;
let client: MemoryClient;
let push: PushServer;
let xdsPort: number;
const proxies: DeltaProxy[] = [];

beforeEach(async () => {
  directory = mkdtempSync('/tmp/weft-push-');
  client = new MemoryClient();
  xdsPort = await freePort();
});

afterEach(async () => {
  for (const proxy of proxies.splice(0)) proxy.close();
  await push.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const config = { dataDir: directory, runDir: directory, clusterDomain: 'cluster.local', xdsPort };
  const random = seededRandom(1);
  push = await startPush({ client, config, clock: systemClock, random, logger: silentLogger });
}

function connect(node?: string): DeltaProxy {
  const proxy = new DeltaProxy(`unix:${join(directory, 'xds', 'xds.sock')}`, node);
  proxies.push(proxy);
  return proxy;
}

/** A proxy that has everything a sidecar subscribes to. */
async function connectSidecar(pod = 'web-1'): Promise<DeltaProxy> {
  const proxy = connect(`sidecar~10.244.0.9~${pod}.default~default.svc.cluster.local`);
  proxy.subscribe(CLUSTER_TYPE);
  proxy.subscribe(LISTENER_TYPE);
  await proxy.until(() => proxy.held.has(LISTENER_TYPE));
  proxy.subscribe(
    ENDPOINT_TYPE,
    proxy.namesOf(CLUSTER_TYPE).filter((name) => name.startsWith('outbound|')),
  );
  const ports = proxy.namesOf(LISTENER_TYPE).filter((name) => name.startsWith('0.0.0.0_'));
  proxy.subscribe(
    ROUTE_TYPE,
    ports.map((name) => name.slice('0.0.0.0_'.length)),
  );
  await proxy.until(() => proxy.held.has(ENDPOINT_TYPE) && proxy.namesOf(ROUTE_TYPE).length === ports.length);
  return proxy;
}

function service(name: string, clusterIP: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      clusterIP,
      selector: { app: name },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    },
  };
}

function slice(name: string, ...addresses: string[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

function rule(name: string, to: string): VirtualService {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [name], http: [{ route: [{ destination: { host: to } }] }] },
  };
}

describe('a connected sidecar', () => {
  beforeEach(async () => {
    await client.create(Service, service('web', '10.96.0.1'));
    await client.create(EndpointSlice, slice('web', '10.244.0.2'));
    await start();
  });

  test('gets the whole mesh', async () => {
    const proxy = await connectSidecar();
    expect(proxy.namesOf(LISTENER_TYPE)).toEqual(['0.0.0.0_80', 'virtualInbound', 'virtualOutbound']);
    expect(proxy.namesOf(ENDPOINT_TYPE)).toEqual(['outbound|80||web.default.svc.cluster.local']);
  });

  test('is told of an endpoint change and of nothing else', async () => {
    const proxy = await connectSidecar();
    const before = proxy.responses.length;
    const current = await client.get(EndpointSlice, 'default', 'web-1');
    const { metadata } = await client.update(EndpointSlice, {
      ...slice('web', '10.244.0.2', '10.244.0.3'),
      metadata: current!.metadata,
    });
    const result = await push.ledger.waitFor(metadata.resourceVersion, 5_000);
    expect(result).toEqual({ live: true, pending: [], refused: [] });
    expect(
      proxy.responses.slice(before).map(({ typeUrl, resources }) => [typeUrl, resources.length]),
    ).toEqual([[ENDPOINT_TYPE, 1]]);
  });

  test('is in the ledger with what it acknowledged', async () => {
    await connectSidecar();
    const { metadata } = await client.create(VirtualService, rule('web', 'web'));
    expect((await push.ledger.waitFor(metadata.resourceVersion, 5_000)).live).toBe(true);
    const [status] = push.ledger.proxies();
    expect(status).toMatchObject({ proxy: 'web-1.default', kind: 'sidecar' });
    expect(status!.types.RDS).toMatchObject({ lag: 0, refused: [] });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A running push server over whatever API a test gives it, with proxies that connect over its Unix socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Client } from '#api/client/client.ts';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { type PushServer, startPush } from '../push.ts';
import { DeltaProxy } from './delta-proxy.ts';

export class PushFixture<Api extends Client> {
  readonly directory = mkdtempSync('/tmp/weft-push-');
  readonly client: Api;
  readonly #proxies: DeltaProxy[] = [];
  #server: PushServer | undefined;
  xdsPort = 0;

  constructor(client: Api) {
    this.client = client;
  }

  get socketPath(): string {
    return join(this.directory, 'private', 'xds', 'xds.sock');
  }

  get server(): PushServer {
    if (this.#server === undefined) throw new Error('the server is not started');
    return this.#server;
  }

  async start(): Promise<void> {
    if (this.xdsPort === 0) this.xdsPort = await freePort();
    const { directory, xdsPort, client } = this;
    const config = { dataDir: directory, runDir: directory, clusterDomain: 'cluster.local', xdsPort };
    const random = seededRandom(1);
    this.#server = await startPush({ client, config, clock: systemClock, random, logger: silentLogger });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  async dispose(): Promise<void> {
    for (const proxy of this.#proxies) proxy.close();
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  connect(node = 'sidecar~10.244.0.9~web-1.default~default.svc.cluster.local'): DeltaProxy {
    const proxy = new DeltaProxy(`unix:${this.socketPath}`, node);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** A proxy that subscribes as a sidecar does, and has everything. */
  async connectSidecar(pod = 'web-1'): Promise<DeltaProxy> {
    const proxy = this.connect(`sidecar~10.244.0.9~${pod}.default~default.svc.cluster.local`);
    proxy.subscribe(CLUSTER_TYPE);
    proxy.subscribe(LISTENER_TYPE);
    await proxy.until(() => proxy.held.has(LISTENER_TYPE));
    const outbound = proxy.namesOf(CLUSTER_TYPE).filter((name) => name.startsWith('outbound|'));
    const ports = proxy.namesOf(LISTENER_TYPE).flatMap((name) => /^0\.0\.0\.0_(\d+)$/.exec(name)?.[1] ?? []);
    proxy.subscribe(ENDPOINT_TYPE, outbound);
    proxy.subscribe(ROUTE_TYPE, ports);
    await proxy.until(
      () =>
        proxy.namesOf(ENDPOINT_TYPE).length === outbound.length &&
        proxy.namesOf(ROUTE_TYPE).length === ports.length,
    );
    return proxy;
  }
}

export function service(name: string, clusterIP: string): Service {
  return Service.schema.parse({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP, selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  });
}

export function slice(name: string, ...addresses: string[]): EndpointSlice {
  return EndpointSlice.schema.parse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: 'http', port: 8080 }],
  });
}

export function rule(name: string, to: string): VirtualService {
  return VirtualService.schema.parse({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'default' },
    spec: { hosts: [name], http: [{ route: [{ destination: { host: to } }] }] },
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A whole control plane with a mesh's worth of services: the program that `weft up` starts, with a directory of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { clientFromMesh, type HttpClient } from '#api/client/http-client.ts';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { EndpointSlice, SERVICE_NAME_LABEL } from '#api/kinds/endpoint-slice.ts';
import { Service } from '#api/kinds/service.ts';
import { MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { ENDPOINT_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { startDiscovery } from '#sidecar/discovery/discovery.ts';
import { grpcTransport } from '#sidecar/discovery/grpc-transport.ts';
import { nodeOf } from '#sidecar/discovery/node.ts';
import type { PinnedProcess } from '../harness/pinned-process.ts';
import type { Workbench } from '../harness/workbench.ts';

const PROGRAM = new URL('../../control-plane/main.ts', import.meta.url).pathname;
const NAMESPACE = 'default';
const ENDPOINTS_EACH = 3;
const SETTLE_MS = 20_000;

/** Names that a sidecar subscribes to, beside all clusters and listeners. */
export interface Interest {
  readonly endpoints: readonly string[];
  readonly routes: readonly string[];
}

export class BenchControlPlane implements AsyncDisposable {
  readonly process: PinnedProcess;
  readonly xdsSocket: string;
  readonly #client: HttpClient;
  readonly #services: number;

  private constructor(process: PinnedProcess, xdsSocket: string, client: HttpClient, services: number) {
    this.process = process;
    this.xdsSocket = xdsSocket;
    this.#client = client;
    this.#services = services;
  }

  /** Starts it on `core` and creates services with endpoints. */
  static async start(bench: Workbench, core: number, services: number): Promise<BenchControlPlane> {
    const home = join(bench.directory, 'mesh');
    const config = MeshConfig.parse({
      ...{ id: 'bench', nodeName: 'bench', dataDir: join(home, 'data'), runDir: join(home, 'run') },
      apiPort: await bench.takePort(),
      xdsPort: await bench.takePort(),
      monitoringPort: await bench.takePort(),
    });
    mkdirSync(config.dataDir, { recursive: true });
    const paths = pathsOf(config);
    bench.write('mesh/data/mesh.json', JSON.stringify(config));
    const program = bench.start(core, process.execPath, [PROGRAM, '--config', paths.config], {
      NODE_ENV: 'production',
    });
    await program.ready(() => answers(config.monitoringPort, '/ready'));
    const started = new BenchControlPlane(program, paths.xdsSocket, clientFromMesh(config), services);
    for (let i = 0; i < services; i += 1) await started.#create(i);
    return started;
  }

  /** Waits until a sidecar is told of every service; returns what it then subscribes to. */
  async interest(): Promise<Interest> {
    const config = SidecarConfig.parse({
      ...{ pod: 'scout', namespace: NAMESPACE, podIp: '127.0.0.1', workload: 'scout' },
      discoveryAddress: `unix:${this.xdsSocket}`,
    });
    const transport = grpcTransport(config.discoveryAddress);
    const world = { transport, clock: systemClock, random: systemRandom, logger: silentLogger };
    const discovery = startDiscovery({ ...world, node: nodeOf(config) });
    try {
      const wanted = (): boolean =>
        discovery.ready.value && discovery.configuration.interest(ENDPOINT_TYPE).size >= this.#services;
      await until(wanted, `a sidecar is told of ${this.#services} services`);
      const { configuration } = discovery;
      return {
        endpoints: [...configuration.interest(ENDPOINT_TYPE)],
        routes: [...configuration.interest(ROUTE_TYPE)],
      };
    } finally {
      discovery.close();
    }
  }

  /** Moves one endpoint of one service to `address`; resolves when the API has answered. */
  async moveEndpoint(service: number, address: string): Promise<void> {
    await this.#client.patch(EndpointSlice, NAMESPACE, `svc-${service}`, {
      endpoints: endpointsOf(service, address),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  async #create(index: number): Promise<void> {
    const metadata = { name: `svc-${index}`, namespace: NAMESPACE };
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name: 'http', port: 80 }] },
    };
    await this.#client.create(Service, Service.schema.parse(service));
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { [SERVICE_NAME_LABEL]: metadata.name } },
      addressType: 'IPv4',
      endpoints: endpointsOf(index, `10.200.${index}.1`),
      ports: [{ name: 'http', port: 8080 }],
    };
    await this.#client.create(EndpointSlice, EndpointSlice.schema.parse(slice));
  }
}

function endpointsOf(service: number, first: string): { addresses: string[] }[] {
  const others = Array.from({ length: ENDPOINTS_EACH - 1 }, (_, i) => `10.200.${service}.${i + 2}`);
  return [first, ...others].map((address) => ({ addresses: [address] }));
}

async function answers(port: number, path: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${SETTLE_MS} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

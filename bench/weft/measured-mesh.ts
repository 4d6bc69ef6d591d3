/** Real sidecars for a scenario: production bundle, flags and environment, fed by a control plane of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathsOf } from '#api/mesh/config.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { NODE_ENVIRONMENT, nodeFlags, sidecarLimits } from '#node-runtime/injection/sidecar-limits.ts';
import type { PinnedProcess } from '../harness/pinned-process.ts';
import { listens } from '../harness/ports.ts';
import type { Workbench } from '../harness/workbench.ts';
import { bundleMeasuredSidecar } from './bundle.ts';
import { type MeshPlan, SERVICE } from './mesh-plan.ts';

const MANIFEST = new URL('../../package.json', import.meta.url);

export const WEFT_VERSION: string = JSON.parse(readFileSync(MANIFEST, 'utf8')).version;

export interface MeasuredSidecar {
  readonly port: number;
  readonly process: PinnedProcess;
}

export class MeasuredMesh {
  readonly #bench: Workbench;
  readonly #bundle: string;
  readonly #plan: MeshPlan;

  private constructor(bench: Workbench, bundle: string, plan: MeshPlan) {
    this.#bench = bench;
    this.#bundle = bundle;
    this.#plan = plan;
  }

  /** Starts the control plane on the core of the load: it does nothing while figures are taken. */
  static async start(
    bench: Workbench,
    wanted: Omit<MeshPlan, 'directory' | 'xdsPort'>,
  ): Promise<MeasuredMesh> {
    const xdsPort = await bench.takePort();
    const plan: MeshPlan = { ...wanted, xdsPort, directory: join(bench.directory, `mesh-${xdsPort}`) };
    const program = join(import.meta.dirname, 'control-plane.ts');
    const bundle = await bundleMeasuredSidecar();
    const controlPlane = bench.start(bench.cores.load, process.execPath, [program, JSON.stringify(plan)]);
    await controlPlane.ready(() => listens(xdsPort));
    return new MeasuredMesh(bench, bundle, plan);
  }

  /** The sidecar of a client, which calls the service. `output`: open file that takes its standard output. */
  outbound(output?: number): Promise<MeasuredSidecar> {
    return this.#sidecar('client', 'outbound', `${SERVICE.address}:${SERVICE.port}`, undefined, output);
  }

  /** The sidecar of the service's app; `port` where its clients are to find it. */
  inbound(port?: number): Promise<MeasuredSidecar> {
    return this.#sidecar('app', 'inbound', `127.0.0.1:${this.#plan.appPort}`, port);
  }

  async #sidecar(
    app: string,
    direction: 'outbound' | 'inbound',
    destination: string,
    port?: number,
    output?: number,
  ): Promise<MeasuredSidecar> {
    const bench = this.#bench;
    const ports = {
      outbound: await bench.takePort(),
      inbound: await bench.takePort(),
      admin: await bench.takePort(),
      metrics: await bench.takePort(),
      readiness: await bench.takePort(),
      ownMetrics: await bench.takePort(),
      ...(port !== undefined && { [direction]: port }),
    };
    const config = SidecarConfig.parse({
      pod: `${app}-0`,
      namespace: SERVICE.namespace,
      podIp: '127.0.0.1',
      workload: app,
      labels: { app, version: 'v1' },
      discoveryAddress: `unix:${pathsOf({ dataDir: '', runDir: this.#plan.directory }).xdsSocket}`,
      ports,
    });
    const path = bench.write(`sidecar-${ports.outbound}.json`, JSON.stringify(config));
    const flags = nodeFlags(sidecarLimits({}).memoryBytes ?? 0);
    const env = { ...NODE_ENVIRONMENT, WEFT_BENCH_DESTINATION: destination };
    const args = [...flags, this.#bundle, path];
    const started = bench.start(bench.cores.proxy, process.execPath, args, env, output);
    await started.ready(() => isReady(ports.readiness));
    return { port: ports[direction], process: started };
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz/ready`)).ok;
  } catch {
    return false;
  }
}

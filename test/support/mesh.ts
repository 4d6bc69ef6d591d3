import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client as RuntimeClient } from 'undici';
import { parseAllDocuments } from 'yaml';
import type { Client } from '#api/client/client.ts';
import { clientFromMesh, type HttpClient } from '#api/client/http-client.ts';
import { kindFor } from '#api/kinds/all.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { isReady, Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { Ended, eventually } from './eventually.ts';
import { finished, freshConfig, launch, logs, type Program, spawnProgram } from './mesh-programs.ts';

/** One whole mesh of its own on this machine, for a test: own directories, names, ports and address ranges. */
export class TestMesh {
  readonly config: MeshConfig;
  readonly client: HttpClient;
  readonly #directory: string;
  readonly #programs: Map<Program, ChildProcess>;

  private constructor(
    config: MeshConfig,
    directory: string,
    programs: Map<Program, ChildProcess>,
    client: HttpClient,
  ) {
    this.config = config;
    this.#directory = directory;
    this.#programs = programs;
    this.client = client;
  }

  /** Starts control plane and node runtime, and waits until the node is ready. `changes`: what is not as usual. */
  static async start(changes: Partial<MeshConfig> = {}): Promise<TestMesh> {
    const config = { ...(await freshConfig()), ...changes };
    const paths = pathsOf(config);
    mkdirSync(join(config.dataDir, 'log'), { recursive: true });
    mkdirSync(config.runDir, { recursive: true });
    writeFileSync(paths.config, JSON.stringify(config));
    const programs = new Map<Program, ChildProcess>();
    try {
      for (const program of ['control-plane', 'node-runtime'] as const) {
        programs.set(program, launch(program, config));
      }
      const client = await eventually('the control plane has its credentials', () => {
        refuseDead(programs);
        return clientFromMesh(config);
      });
      const mesh = new TestMesh(config, directoryOf(config), programs, client);
      await eventually('the node is ready', async () => {
        const node = await client.get(Node, undefined, config.nodeName);
        return node !== undefined && isReady(node) ? true : undefined;
      });
      return mesh;
    } catch (error) {
      const words = logs(config);
      for (const child of programs.values()) child.kill('SIGKILL');
      await finished(spawnProgram('node-runtime', config, ['--tear-down']));
      rmSync(directoryOf(config), { recursive: true, force: true });
      throw new Error(`the mesh did not start: ${String(error)}\n${words}`);
    }
  }

  /** Creates objects, given as such or as YAML, in `default` where they name no namespace; what is there is patched. */
  async apply(...manifests: (string | object)[]): Promise<void> {
    const objects = manifests.flatMap((manifest) =>
      typeof manifest === 'string'
        ? parseAllDocuments(manifest).map((document) => document.toJS())
        : [manifest],
    ) as (KubeObject | null)[];
    for (const object of objects) if (object !== null) await applyOne(this.client, object);
  }

  pod(name: string): Promise<Stored<Pod> | undefined> {
    return this.client.get(Pod, 'default', name);
  }

  /** Pods of an app, by its label. */
  async pods(app: string): Promise<Stored<Pod>[]> {
    const { items } = await this.client.list(Pod, { namespace: 'default', labelSelector: `app=${app}` });
    return items;
  }

  async podReady(name: string): Promise<Stored<Pod>> {
    return this.until(`pod ${name} is ready`, async () => {
      const pod = await this.pod(name);
      return pod !== undefined && hasCondition(pod, 'Ready') ? pod : undefined;
    });
  }

  async podsReady(app: string, count: number): Promise<Stored<Pod>[]> {
    return this.until(`${count} pods of ${app} are ready`, async () => {
      const pods = (await this.pods(app)).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      return pods.length === count && pods.every((pod) => hasCondition(pod, 'Ready')) ? pods : undefined;
    });
  }

  /** What a container has printed so far. */
  async logs(pod: string, container = 'app'): Promise<string> {
    const runtime = new RuntimeClient('http://node', { socketPath: pathsOf(this.config).runtimeSocket });
    try {
      const path = `/containerLogs/default/${pod}/${container}`;
      const { body, statusCode } = await runtime.request({ method: 'GET', path });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(text);
      return text;
    } finally {
      await runtime.destroy();
    }
  }

  /** What the load program of a pod has counted so far. */
  async load(pod: string): Promise<Load> {
    return this.until(`${pod} has counted`, async () => {
      const lines = (await this.logs(pod)).trim().split('\n');
      return JSON.parse(lines.at(-1) ?? '') as Load;
    });
  }

  /** Resolves when the load program has had `count` more answers. */
  async moreLoad(pod: string, count: number): Promise<Load> {
    const before = await this.load(pod);
    return this.until(`${pod} has sent ${count} more requests`, async () => {
      const now = await this.load(pod);
      return now.ok + now.failed >= before.ok + before.failed + count ? now : undefined;
    });
  }

  /** Like `eventually`, with the programs' last words when it never comes true. */
  async until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    try {
      return await eventually(what, look);
    } catch (error) {
      throw new Error(`${String(error)}\n${logs(this.config)}`);
    }
  }

  /** Lets the mesh be for a while: for outages, whose length is the point. */
  quiet(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Ends a program without warning. */
  async kill(program: Program): Promise<void> {
    const child = this.#programs.get(program);
    if (child === undefined) return;
    const ended = finished(child);
    child.kill('SIGKILL');
    await ended;
    this.#programs.delete(program);
  }

  restart(program: Program): void {
    this.#programs.set(program, launch(program, this.config));
  }

  /** Stops everything as `weft down` does. Rejects when something could not be removed. */
  async down(): Promise<void> {
    for (const program of [...this.#programs.keys()]) await this.kill(program);
    const code = await finished(spawnProgram('node-runtime', this.config, ['--tear-down']));
    if (code !== 0) throw new Error(`the mesh was not removed\n${logs(this.config)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    await this.client.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export interface Load {
  readonly ok: number;
  readonly failed: number;
  /** Answers by body. */
  readonly by: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

export function hasCondition(pod: Pod, type: string): boolean {
  return (pod.status?.conditions ?? []).some((each) => each.type === type && each.status === 'True');
}

function refuseDead(programs: ReadonlyMap<Program, ChildProcess>): void {
  for (const [program, child] of programs) {
    if (child.exitCode !== null) throw new Ended(`the ${program} ended with ${child.exitCode}`);
  }
}

async function applyOne(client: Client, object: KubeObject): Promise<void> {
  const kind = kindFor(object.apiVersion, object.kind);
  if (kind === undefined) throw new Error(`unknown kind ${object.apiVersion} ${object.kind}`);
  const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
  const named = {
    ...object,
    metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) },
  };
  const current = await client.get(kind, namespace, object.metadata.name ?? '');
  if (current === undefined) await client.create(kind, named);
  else await client.patch(kind, namespace, object.metadata.name ?? '', named);
}

function directoryOf(config: MeshConfig): string {
  return join(config.dataDir, '..');
}

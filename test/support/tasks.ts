/**
 * The commands of the tasks in docs/tasks, for tests: what a reader types, done by the command line's own code against a
 * mesh of the test.
 */
import { readFileSync } from 'node:fs';
import { compareVersions } from '#api/client/resource-version.ts';
import { Deployment } from '#api/kinds/deployment.ts';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service, vipOf } from '#api/kinds/service.ts';
import { applyManifest, inOrder, placed } from '#cli/resources/apply.ts';
import { loadManifests, type Manifest, readManifests } from '#cli/resources/manifests.ts';
import { awaitDeployment } from '#cli/rollout/deployment.ts';
import { awaitLive } from '#cli/rollout/live.ts';
import { execInPod } from './exec-in-pod.ts';
import { TestMesh } from './mesh.ts';

/** Where the examples' programs are in a pod. */
const IN_POD = '/opt/weft/examples';
const READY_SECONDS = 90;
const LIVE_SECONDS = 20;

/** What the load client of examples/httpbin prints with `-json`. */
export interface LoadReport {
  /** Answers by status; `-1`: none came. */
  readonly codes: Readonly<Record<string, number>>;
  readonly by: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

export class Tasks {
  readonly mesh: TestMesh;

  private constructor(mesh: TestMesh) {
    this.mesh = mesh;
  }

  /** A mesh with these applications rolled out. */
  static async start(...applications: readonly string[]): Promise<Tasks> {
    const tasks = new Tasks(await TestMesh.start());
    try {
      if (applications.length > 0) await tasks.apply(...applications);
    } catch (error) {
      await tasks[Symbol.asyncDispose]();
      throw error;
    }
    return tasks;
  }

  /** `weft apply --wait`: paths are below examples/. Resolves when every sidecar runs it. */
  async apply(...paths: readonly string[]): Promise<void> {
    await this.#apply(loadManifests(paths.map((path) => `examples/${path}`)));
  }

  /** The same from standard input. */
  async applyText(text: string): Promise<void> {
    const { manifests, mistakes } = readManifests('stdin', text);
    if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
    await this.#apply(manifests);
  }

  async #apply(manifests: readonly Manifest[]): Promise<void> {
    const { client } = this.mesh;
    const versions: string[] = [];
    for (const manifest of inOrder(manifests)) {
      const { object } = await applyManifest(client, placed(manifest, undefined), { dryRun: false });
      versions.push(object.metadata.resourceVersion);
    }
    for (const { kind, object } of manifests) {
      const { name, namespace } = object.metadata;
      if (kind.kind === 'Deployment') await this.rolledOut(name!, namespace);
    }
    await awaitLive(client, versions.sort(compareVersions).at(-1)!, LIVE_SECONDS);
  }

  /** The ingress gateway, without the ports of this machine, which other meshes may have; where it is reached. */
  async openGateway(): Promise<string> {
    const manifest = readFileSync('examples/gateways/ingressgateway.yaml', 'utf8');
    await this.applyText(manifest.replaceAll(/, hostPort: \d+/g, ''));
    return this.address('istio-ingressgateway', 'istio-system');
  }

  /** `weft delete`: what the files name, where it is there. */
  async delete(...paths: readonly string[]): Promise<void> {
    for (const { kind, object } of loadManifests(paths.map((path) => `examples/${path}`)).map((m) =>
      placed(m, undefined),
    ))
      await this.mesh.client.delete(kind, object.metadata.namespace, object.metadata.name!);
  }

  async rolledOut(name: string, namespace = 'default'): Promise<void> {
    await awaitDeployment(
      this.mesh.client,
      { namespace, name },
      { timeoutSeconds: READY_SECONDS, signal: new AbortController().signal, onProgress: () => {} },
    );
  }

  async scale(deployment: string, replicas: number): Promise<void> {
    await this.mesh.client.patch(Deployment, 'default', deployment, { spec: { replicas } });
    await this.rolledOut(deployment);
  }

  /** Runs a command in a container of the only pod of an app; resolves with what it printed. */
  async exec(app: string, container: string, command: readonly string[], stdin?: string): Promise<string> {
    const [pod] = await this.mesh.podsReady(app, 1);
    const { stdout } = await execInPod(this.mesh.config, pod!.metadata.name, command, stdin, container);
    return stdout;
  }

  /** `curl` in the curl pod. */
  curl(...words: readonly string[]): Promise<string> {
    return this.exec('curl', 'curl', ['curl', '-sS', ...words]);
  }

  /** The load client in the fortio pod. */
  async load(...words: readonly string[]): Promise<LoadReport> {
    const program = `${IN_POD}/httpbin/sample-client/load.ts`;
    const text = await this.exec('fortio', 'fortio', ['node', program, '-json', ...words]);
    return JSON.parse(text) as LoadReport;
  }

  /** The newest pod of an app that is not ending. */
  async podOf(app: string, namespace = 'default'): Promise<Stored<Pod>> {
    const { items } = await this.mesh.client.list(Pod, { namespace, labelSelector: `app=${app}` });
    const pod = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (pod === undefined) throw new Error(`there is no pod of ${app}`);
    return pod;
  }

  /** Says something to a TCP service from the curl pod. */
  say(host: string, port: number, text: string): Promise<string> {
    return this.exec('curl', 'curl', ['node', `${IN_POD}/curl/nc.ts`, host, String(port)], text);
  }

  /** Where the host reaches a service. */
  async address(service: string, namespace = 'default'): Promise<string> {
    const found = await this.mesh.client.get(Service, namespace, service);
    const vip = found === undefined ? undefined : vipOf(found);
    if (vip === undefined) throw new Error(`the service ${service} has no address`);
    return vip;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
  }
}

/** Sum of the series of a metric that have these labels, as a pod's sidecar counts. */
export async function sidecarMetric(
  pod: Pod,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const text = await (await fetch(`http://${pod.status?.podIP}:15020/stats/prometheus`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Share of one answer among all, in points. */
export function points(by: Readonly<Record<string, number>>, name: string): number {
  const total = Object.values(by).reduce((sum, n) => sum + n, 0);
  return (100 * (by[name] ?? 0)) / total;
}

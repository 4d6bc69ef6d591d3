import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import type { Container } from '#api/kinds/pod-spec.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { planSidecar, SIDECAR_CONFIG_FILE, sidecarConfig } from '../injection/sidecar-plan.ts';
import { containerMounts } from '../volumes/container-mounts.ts';
import { prepareVolume, projects, type ReadyVolume } from '../volumes/pod-volumes.ts';
import { unmountUnder } from '../volumes/tmpfs.ts';
import type { VolumeSources } from '../volumes/volume-sources.ts';
import { planContainer } from './container-plan.ts';
import type { ContainerPlan, Mount } from './containers.ts';
import { fetchEnvSources } from './env-sources.ts';
import { environment } from './environment.ts';
import type { Member } from './members.ts';
import { hostsFile, resolvConf } from './network-files.ts';
import { containerLog, podLogDirectory, podPaths } from './pod-paths.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import type { NodeSize } from './resource-field-ref.ts';

export interface PreparationTools {
  readonly config: MeshConfig;
  /** The node's address among the pods: their gateway and name server. */
  readonly gateway: string;
  readonly node: NodeSize;
  /** The bundled sidecar on the node. */
  readonly sidecarBundle: string;
  readonly sources: VolumeSources;
}

/** Puts on the node's disk what the containers of one pod need, and plans them. */
export class Preparation {
  readonly #tools: PreparationTools;
  readonly #directory: string;
  #volumes: Promise<ReadonlyMap<string, ReadyVolume>> | undefined;
  #files: Promise<readonly Mount[]> | undefined;

  constructor(directory: string, tools: PreparationTools) {
    this.#directory = directory;
    this.#tools = tools;
  }

  /** Everything that creating the present attempt of a container takes. Throws WeftErrors whose code is a waiting reason. */
  async plan(record: PodRecord, member: Member): Promise<ContainerPlan> {
    const { attempt } = containerRecord(record, member.name);
    const logPath = containerLog(pathsOf(this.#tools.config).podLogs, record.pod, member.name, attempt);
    await mkdir(dirname(logPath), { recursive: true, mode: 0o755 });
    await this.#dropOldLog(record, member.name, attempt);
    return member.container === undefined
      ? this.#planSidecar(record, attempt, logPath)
      : this.#planApp(record, member.container, attempt, logPath);
  }

  /** Brings the volumes that show this object up to date. */
  async refresh(record: PodRecord, kind: 'ConfigMap' | 'Secret', name: string): Promise<void> {
    if (this.#volumes === undefined) return;
    await this.#volumes.catch(() => undefined);
    for (const volume of record.pod.spec.volumes ?? []) {
      if (projects(volume, kind, name)) await this.#prepare(record, volume);
    }
  }

  /** Removes volumes and logs; the pod's directory itself goes with its record. */
  async release(record: PodRecord): Promise<void> {
    await unmountUnder(this.#directory);
    await rm(podPaths(this.#directory).volumes, { recursive: true, force: true });
    this.#volumes = undefined;
    this.#files = undefined;
    if (record.ending?.reason !== 'deleted' && record.ending?.reason !== 'gone') return;
    const logs = podLogDirectory(pathsOf(this.#tools.config).podLogs, record.pod);
    await rm(logs, { recursive: true, force: true });
  }

  async #planApp(
    record: PodRecord,
    container: Container,
    attempt: number,
    logPath: string,
  ): Promise<ContainerPlan> {
    const { config, gateway, node, sources } = this.#tools;
    const [volumes, files, envSources] = await Promise.all([
      this.#readyVolumes(record),
      this.#podFiles(record),
      fetchEnvSources(container, record.pod.metadata.namespace ?? '', sources),
    ]);
    const facts = {
      pod: record.pod,
      podIp: record.ip,
      hostIp: gateway,
      nodeName: config.nodeName,
      containers: [...record.pod.spec.containers, ...(record.pod.spec.initContainers ?? [])],
      node,
    };
    const env = environment(container, facts, envSources);
    const mounts = await containerMounts(container, volumes, podPaths(this.#directory).subPaths);
    const meshId = config.id;
    return planContainer({ meshId, record, container, attempt, env, mounts: [...files, ...mounts], logPath });
  }

  async #planSidecar(record: PodRecord, attempt: number, logPath: string): Promise<ContainerPlan> {
    const { config, sidecarBundle } = this.#tools;
    const paths = podPaths(this.#directory);
    const files = await this.#podFiles(record);
    await mkdir(paths.sidecar, { recursive: true, mode: 0o755 });
    await mkdir(paths.admin, { recursive: true, mode: 0o700 });
    await chown(paths.admin, SIDECAR_UID, SIDECAR_UID);
    await writeFile(join(paths.sidecar, SIDECAR_CONFIG_FILE), JSON.stringify(sidecarConfig(record, config)));
    const places = {
      bundle: sidecarBundle,
      configDir: paths.sidecar,
      adminDir: paths.admin,
      xdsSocketDir: pathsOf(config).xdsSocketDir,
      logPath,
    };
    return planSidecar(config.id, record, attempt, places, files);
  }

  #readyVolumes(record: PodRecord): Promise<ReadonlyMap<string, ReadyVolume>> {
    this.#volumes ??= this.#prepareAll(record).catch((error: unknown) => {
      this.#volumes = undefined;
      throw error;
    });
    return this.#volumes;
  }

  async #prepareAll(record: PodRecord): Promise<ReadonlyMap<string, ReadyVolume>> {
    const volumes = record.pod.spec.volumes ?? [];
    return new Map(
      await Promise.all(
        volumes.map(async (volume) => [volume.name, await this.#prepare(record, volume)] as const),
      ),
    );
  }

  #prepare(record: PodRecord, volume: NonNullable<PodRecord['pod']['spec']['volumes']>[number]) {
    return prepareVolume(volume, record.pod, podPaths(this.#directory).volumes, this.#tools.sources);
  }

  #podFiles(record: PodRecord): Promise<readonly Mount[]> {
    this.#files ??= this.#writePodFiles(record);
    return this.#files;
  }

  async #writePodFiles(record: PodRecord): Promise<readonly Mount[]> {
    const { config, gateway } = this.#tools;
    const { etc } = podPaths(this.#directory);
    await mkdir(etc, { recursive: true, mode: 0o755 });
    const write = async (name: string, text: string): Promise<Mount> => {
      const source = join(etc, name);
      await writeFile(source, text, { mode: 0o644 });
      return { type: 'bind', source, destination: `/etc/${name}`, readOnly: true };
    };
    const files = [await write('hosts', hostsFile(record, config.clusterDomain))];
    if (record.pod.spec.dnsPolicy === 'Default') return files;
    const namespace = record.pod.metadata.namespace ?? '';
    return [...files, await write('resolv.conf', resolvConf(namespace, config.clusterDomain, gateway))];
  }

  /** The last two attempts keep their logs: the present one and the previous. */
  async #dropOldLog(record: PodRecord, name: string, attempt: number): Promise<void> {
    if (attempt < 2) return;
    const { podLogs } = pathsOf(this.#tools.config);
    await rm(containerLog(podLogs, record.pod, name, attempt - 2), { force: true });
  }
}

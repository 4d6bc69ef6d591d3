import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { programVersion } from '#api/foundation/program-version.ts';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import type { Container } from '#api/kinds/pod-spec.ts';
import type { Service } from '#api/kinds/service.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { removeDirectory } from '../host/remove-directory.ts';
import { planSidecar, SIDECAR_CONFIG_FILE, sidecarConfig } from '../injection/sidecar-plan.ts';
import { removeLog } from '../logs/log-files.ts';
import { containerMounts } from '../volumes/container-mounts.ts';
import { prepareVolume, projects, type ReadyVolume } from '../volumes/pod-volumes.ts';
import { mountTmpfs, unmountUnder } from '../volumes/tmpfs.ts';
import type { VolumeSources } from '../volumes/volume-sources.ts';
import { planContainer } from './container-plan.ts';
import type { ContainerPlan, Mount } from './containers.ts';
import { fetchEnvSources } from './env-sources.ts';
import { environment } from './environment.ts';
import { DEFAULT_MESSAGE_PATH, messageFile } from './last-words.ts';
import type { Member } from './members.ts';
import { hostResolvConf, hostsFile, resolvConf } from './network-files.ts';
import { containerLog, podLogDirectory, podPaths } from './pod-paths.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import type { NodeSize } from './resource-field-ref.ts';
import { serviceLinks } from './service-links.ts';

export interface PreparationTools {
  readonly config: MeshConfig;
  /** The node's address among the pods: their gateway and name server. */
  readonly gateway: string;
  readonly node: NodeSize;
  /** The bundled sidecar on the node. */
  readonly sidecarBundle: string;
  readonly sources: VolumeSources;
  /** The services of a namespace, for service links. */
  readonly services: (namespace: string) => readonly Service[];
}

/** Room for the last words of some containers, 4 KiB each. */
const MESSAGES_BYTES = 256 * 1024;

/** Puts on the node's disk what the containers of one pod need, and plans them. */
export class Preparation {
  readonly #tools: PreparationTools;
  readonly #directory: string;
  #volumes: Promise<ReadonlyMap<string, ReadyVolume>> | undefined;
  #files: Promise<readonly Mount[]> | undefined;
  #messages: Promise<void> | undefined;

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

  /** Removes volumes; the pod's directory itself goes with its record. */
  async release(record: PodRecord): Promise<void> {
    await unmountUnder(this.#directory);
    await rm(podPaths(this.#directory).volumes, { recursive: true, force: true });
    await removeDirectory(this.#diskVolumes(record));
    this.#volumes = undefined;
    this.#files = undefined;
    this.#messages = undefined;
  }

  async dropLogs(record: PodRecord): Promise<void> {
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
    const namespace = record.pod.metadata.namespace ?? '';
    const [volumes, files, lastWords, envSources] = await Promise.all([
      this.#readyVolumes(record),
      this.#podFiles(record),
      this.#lastWordsMount(container, attempt),
      fetchEnvSources(container, namespace, sources),
    ]);
    const facts = {
      pod: record.pod,
      podIp: record.ip,
      hostIp: gateway,
      nodeName: config.nodeName,
      containers: [...record.pod.spec.containers, ...(record.pod.spec.initContainers ?? [])],
      node,
      links:
        record.pod.spec.enableServiceLinks === false ? {} : serviceLinks(this.#tools.services(namespace)),
    };
    const env = environment(container, facts, envSources);
    const mounts = await containerMounts(container, volumes, podPaths(this.#directory).subPaths);
    const meshId = config.id;
    return planContainer({
      meshId,
      record,
      container,
      attempt,
      env,
      mounts: [...files, lastWords, ...mounts],
      logPath,
    });
  }

  async #planSidecar(record: PodRecord, attempt: number, logPath: string): Promise<ContainerPlan> {
    const { config, sidecarBundle } = this.#tools;
    const paths = podPaths(this.#directory);
    const files = await this.#podFiles(record);
    await mkdir(paths.sidecar, { recursive: true, mode: 0o755 });
    await mkdir(paths.admin, { recursive: true, mode: 0o700 });
    await chown(paths.admin, SIDECAR_UID, SIDECAR_UID);
    const settings = sidecarConfig(record, { ...config, version: programVersion() });
    await writeFile(join(paths.sidecar, SIDECAR_CONFIG_FILE), JSON.stringify(settings));
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
    const places = { memory: podPaths(this.#directory).volumes, disk: this.#diskVolumes(record) };
    return prepareVolume(volume, record.pod, places, this.#tools.sources);
  }

  #diskVolumes(record: PodRecord): string {
    return join(pathsOf(this.#tools.config).podVolumes, record.pod.metadata.uid ?? '');
  }

  /** Every pod's files for last words lie on a small file system of their own: what is written there is nobody's to limit. */
  async #lastWordsMount({ name, terminationMessagePath }: Container, attempt: number): Promise<Mount> {
    const { messages } = podPaths(this.#directory);
    this.#messages ??= mountTmpfs(messages, { sizeBytes: MESSAGES_BYTES, mode: '755' });
    await this.#messages;
    const source = messageFile(messages, name, attempt);
    await writeFile(source, '');
    await chmod(source, 0o666);
    if (attempt > 0) await rm(messageFile(messages, name, attempt - 1), { force: true });
    return {
      type: 'bind',
      source,
      destination: terminationMessagePath ?? DEFAULT_MESSAGE_PATH,
      readOnly: false,
    };
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
    const resolv =
      record.pod.spec.dnsPolicy === 'Default'
        ? hostResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''), gateway)
        : resolvConf(record.pod.metadata.namespace ?? '', config.clusterDomain, gateway);
    return [...files, await write('resolv.conf', resolv)];
  }

  /** The last two attempts keep their logs: the present one and the previous. */
  async #dropOldLog(record: PodRecord, name: string, attempt: number): Promise<void> {
    if (attempt < 2) return;
    const { podLogs } = pathsOf(this.#tools.config);
    await removeLog(containerLog(podLogs, record.pod, name, attempt - 2));
  }
}

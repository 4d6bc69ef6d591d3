import { join } from 'node:path';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { programVersion } from '#api/foundation/program-version.ts';
import type { Random } from '#api/foundation/random.ts';
import { Namespace } from '#api/kinds/namespace.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { startRuntimeServer } from './api/runtime-server.ts';
import { keepNameServer } from './dns/name-server-process.ts';
import { wantsSidecar } from './injection/decide-injection.ts';
import { ADMIN_SOCKET_FILE } from './injection/sidecar-plan.ts';
import { lateClient, untilCredentials } from './late-client.ts';
import { patrolLogs } from './logs/patrol-logs.ts';
import { startMetricsServer } from './metrics/metrics-server.ts';
import { createNodeMetrics } from './metrics/node-metrics.ts';
import { observedContainers, observedSandboxes, timedBy } from './metrics/observed-runtime.ts';
import { residentOf } from './metrics/resident.ts';
import { setUpHostNetwork } from './network/host-network.ts';
import { createIpam } from './network/ipam.ts';
import { createSandboxes, sandboxAddresses } from './network/sandboxes.ts';
import { createContainers } from './oci/containers.ts';
import { forgetPod, type LiveTools, livePodTools } from './pod/live-tools.ts';
import { podPaths } from './pod/pod-paths.ts';
import type { PodRecord } from './pod/pod-record.ts';
import type { PodWorker } from './pod/pod-worker.ts';
import { Pods } from './pod/pods.ts';
import type { Preparation } from './pod/preparation.ts';
import { RecordStore } from './pod/record-store.ts';
import { sweepUnowned } from './pod/sweep.ts';
import { keepRegistered } from './registration/heartbeat.ts';
import { readMachine } from './registration/machine.ts';
import { readCgroupLayout } from './resources/cgroup-layout.ts';
import { objectSources } from './volumes/object-sources.ts';
import { execInPod } from './wiring/exec-in-pod.ts';
import { followNotables } from './wiring/follow-notables.ts';
import { followObjects, followPods } from './wiring/follow-pods.ts';
import { followServices } from './wiring/follow-services.ts';
import { createInformers, startInformers } from './wiring/informers.ts';
import { patrolSizes } from './wiring/patrol-sizes.ts';

export interface NodeRuntimeTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Path of the bundled sidecar. */
  readonly sidecarBundle: string;
}

export interface NodeRuntime {
  /** Lets go of everything; pods go on running. */
  stop(): Promise<void>;
}

/** Brings the node up: network, name server, the pods that run already, then whatever the API says. */
export async function startNodeRuntime(config: MeshConfig, tools: NodeRuntimeTools): Promise<NodeRuntime> {
  const { clock, logger } = tools;
  const paths = pathsOf(config);
  const gateway = gatewayOf(config);
  const machine = readMachine();
  const client = lateClient(config);
  const stopping = new AbortController();
  const { signal } = stopping;
  const lasting = { ...tools, signal };

  await setUpHostNetwork(config);
  void keepNameServer(config, lasting);
  const metrics = createNodeMetrics({
    nodeName: config.nodeName,
    version: programVersion(),
    nowMs: clock.nowMs,
  });
  const timed = timedBy(clock, metrics.observeOperation);
  const [sandboxes, containers] = await Promise.all([
    createSandboxes(config, { logger }).then((plain) => observedSandboxes(plain, timed)),
    createContainers(config, { logger, clock }).then((plain) => observedContainers(plain, timed)),
  ]);

  const store = new RecordStore(paths.pods, logger);
  const records = store.load();
  await sweepUnowned(records, {
    meshId: config.id,
    sandboxes,
    store,
    podVolumes: paths.podVolumes,
    logger,
  });
  const addresses = createIpam(config, [...records.map(({ ip }) => ip), ...(await sandboxAddresses(config))]);

  const informers = createInformers(client, config.nodeName, tools);
  const live: LiveTools = {
    ...tools,
    client,
    containers,
    sandboxes,
    store,
    addresses,
    witness: metrics.witness,
    preparation: {
      config,
      gateway,
      node: machine,
      sidecarBundle: tools.sidecarBundle,
      sources: objectSources(client, informers.configMaps, informers.secrets),
      services: (namespace) => informers.services.list(namespace),
    },
  };
  const adopted = new Set(records.map(({ pod }) => pod.metadata.uid));
  const preparations = new Map<string, Preparation>();
  const pods = new Pods({
    ...tools,
    meshId: config.id,
    store,
    addresses,
    injected: async (pod) => wantsSidecar(await injectionInputs(pod)),
    forget: (pod) => forgetPod(client, pod),
    toolsFor(record: PodRecord) {
      const uid = record.pod.metadata.uid ?? '';
      const { tools: podTools, preparation, close } = livePodTools(record, live);
      preparations.set(uid, preparation);
      if (!adopted.has(uid)) metrics.starts.began(uid, clock.nowMs());
      const letGo = followNotables(record, notableTools);
      return {
        tools: podTools,
        close() {
          preparations.delete(uid);
          metrics.forget(uid);
          letGo();
          close();
        },
      };
    },
  });
  const notableTools = {
    ...tools,
    client,
    config,
    services: informers.services,
    pods: () => pods,
    directoryOf: (uid: string) => store.directoryOf(uid),
  };
  async function injectionInputs({ metadata }: Pod) {
    const name = metadata.namespace ?? 'default';
    const namespace =
      informers.namespaces.get(undefined, name) ?? (await client.get(Namespace, undefined, name));
    return {
      podLabels: metadata.labels ?? {},
      podAnnotations: metadata.annotations ?? {},
      namespaceLabels: namespace?.metadata.labels ?? {},
    };
  }
  const directoryOf = ({ record }: PodWorker): string => store.directoryOf(record.pod.metadata.uid ?? '');

  pods.adopt(records);
  const server = await startRuntimeServer({
    socketPath: paths.runtimeSocket,
    podLogs: paths.podLogs,
    wallMs: clock.wallMs,
    logger,
    workers: () => pods.workers,
    find: (namespace, pod) => pods.find(namespace, pod),
    adminSocket: (worker) => join(podPaths(directoryOf(worker)).admin, ADMIN_SOCKET_FILE),
    exec: (worker, container) => execInPod(worker, container, config.id, containers),
  });

  const scraped = await startMetricsServer({
    ...tools,
    port: config.nodeMetricsPort,
    metrics,
    layout: await readCgroupLayout(),
    residents: () => pods.workers.map(({ record, observed }) => residentOf(config.id, record, observed)),
  });
  followPods(pods, informers);
  followObjects(pods, ({ record }) => preparations.get(record.pod.metadata.uid ?? ''), informers, logger);
  void followServices(config, informers, tools);
  void patrolSizes(pods, paths, lasting);
  void patrolLogs(() => pods.workers.map(({ record }) => record), config, lasting);
  const facts = {
    name: config.nodeName,
    podCidr: config.podCidr,
    address: gateway,
    runtimeSocket: paths.runtimeSocket,
    machine,
  };
  void untilCredentials(config, lasting).then(() => {
    if (signal.aborted) return;
    void keepRegistered(facts, client, lasting);
    startInformers(informers);
  });

  return {
    async stop() {
      stopping.abort();
      informers.stop();
      pods.stop();
      await Promise.all([server.close(), scraped?.close()]);
    },
  };
}

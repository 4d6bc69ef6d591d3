import { type Client, isReason } from '#api/client/client.ts';
import { recordWhenThere } from '#api/client/waiting-events.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { Pod } from '#api/kinds/pod.ts';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import { pathsOf } from '#api/mesh/config.ts';
import { PROBE_SOURCE, SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { appMetricsOf } from '../injection/app-metrics.ts';
import { redirectOf } from '../injection/redirect.ts';
import { refuseReservedName } from '../injection/reserved-name.ts';
import { proxyLimits } from '../injection/sidecar-limits.ts';
import { checkTemplate, isGateway } from '../injection/template.ts';
import { probeHttp } from '../probes/http-probe.ts';
import { runProbe } from '../probes/run-probe.ts';
import { sumOfLimits } from '../resources/pod-limits.ts';
import { containerId, limitsOf, processUser } from './container-plan.ts';
import type { Containers, ExecOptions, Limits } from './containers.ts';
import { EventSink } from './event-sink.ts';
import { lastWords, messageFile } from './last-words.ts';
import { type Member, membersOf } from './members.ts';
import { containerLog, podPaths } from './pod-paths.ts';
import { containerRecord, type PodRecord } from './pod-record.ts';
import type { PodTools } from './pod-tools.ts';
import type { PodWitness } from './pod-witness.ts';
import { Preparation, type PreparationTools } from './preparation.ts';
import type { RecordStore } from './record-store.ts';
import type { Sandboxes } from './sandboxes.ts';
import { StatusWriter } from './status-writer.ts';

export interface LiveTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly client: Client;
  readonly containers: Containers;
  readonly sandboxes: Sandboxes;
  readonly store: RecordStore;
  readonly addresses: { release(address: string): void };
  readonly preparation: PreparationTools;
  readonly witness: PodWitness;
}

/** The sidecar answers its readiness port at once or not at all. */
const READY_TIMEOUT_MS = 1_000;

/** The real tools of one pod's worker: kernel, disk and API behind the small port that the worker sees. */
export function livePodTools(
  record: PodRecord,
  live: LiveTools,
): { tools: PodTools; preparation: Preparation; close(): void } {
  const { config, gateway } = live.preparation;
  const { podLogs } = pathsOf(config);
  const directory = live.store.directoryOf(record.pod.metadata.uid ?? '');
  const preparation = new Preparation(directory, live.preparation);
  const writer = new StatusWriter(live.client, live);
  const sink = new EventSink(
    (about, event) => void writeEvent(live, config.nodeName, about, event),
    live.clock,
  );
  const user = (of: PodRecord, member: Member): Pick<ExecOptions, 'uid' | 'gid' | 'env'> => {
    if (member.container === undefined) return { uid: SIDECAR_UID, gid: SIDECAR_UID, env: {} };
    const { uid, gid } = processUser(member.container, of);
    return { uid, gid, env: {} };
  };
  const idOf = (of: PodRecord, member: Member): string =>
    containerId(config.id, of.pod.metadata.uid ?? '', member.name, containerRecord(of, member.name).attempt);

  const tools: PodTools = {
    clock: live.clock,
    logger: live.logger,
    meshId: config.id,
    hostIp: gateway,
    containers: live.containers,
    sandboxes: live.sandboxes,
    redirect(of) {
      if (!of.injected) return undefined;
      checkTemplate(of.pod);
      appMetricsOf(of.pod);
      if (isGateway(of.pod)) return undefined;
      refuseReservedName(of.pod);
      return redirectOf(of.pod.metadata.annotations ?? {});
    },
    limits: (of) => podLimits(of),
    prepare: (of, member) => preparation.plan(of, member),
    probe: async (of, member, probe, timeoutMs) => {
      if (member.container === undefined) throw new Error('the sidecar has no probes in a spec');
      const target = {
        container: member.container,
        containerId: idOf(of, member),
        podIp: of.ip,
        process: user(of, member),
        localAddress: PROBE_SOURCE,
      };
      const startedMs = live.clock.nowMs();
      const probed = { container: member.container, probe };
      const ended = (ok: boolean | undefined): void =>
        live.witness.probed(of, probed, ok, (live.clock.nowMs() - startedMs) / 1000);
      try {
        const outcome = await runProbe(probe, timeoutMs, target, live.containers);
        ended(outcome.ok);
        return outcome;
      } catch (error) {
        ended(undefined);
        throw error;
      }
    },
    proxyReady: async (of) => (await probeHttp(readiness(of))).ok,
    execHook: (of, member, command, timeoutMs) =>
      live.containers.exec(idOf(of, member), command, { ...user(of, member), timeoutMs }),
    lastWords(of, { name, container }, failed) {
      if (container === undefined) return undefined;
      const { attempt } = containerRecord(of, name);
      const message = messageFile(podPaths(directory).messages, name, attempt);
      return lastWords(container, { message, log: containerLog(podLogs, of.pod, name, attempt) }, failed);
    },
    save: (of) => live.store.save(of),
    publish(of, status) {
      live.witness.published(of, status);
      writer.offer(of, status);
    },
    tell(of, event) {
      live.witness.told(of, event);
      sink.tell(of, event);
    },
    acted: (action, seconds) => live.witness.acted(action, seconds),
    async release(of) {
      await preparation.release(of);
      live.addresses.release(of.ip);
    },
    dropLogs: (of) => preparation.dropLogs(of),
    forget: (of) => forgetPod(live.client, of.pod),
  };
  return { tools, preparation, close: () => writer.close() };
}

/** The sum over the pod's containers, the sidecar included: what they leave in shared memory counts nowhere else. */
function podLimits(record: PodRecord): Limits {
  return sumOfLimits(
    membersOf(record).map(({ container }) =>
      container === undefined ? proxyLimits(record.pod) : limitsOf(container),
    ),
  );
}

/** Removes a pod that has ended from the API. A namesake that came since stays. */
export async function forgetPod(client: Client, pod: Pod): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata;
  try {
    await client.delete(Pod, namespace, name, {
      gracePeriodSeconds: 0,
      ...(uid === undefined ? {} : { uid }),
    });
  } catch (error) {
    if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error;
  }
}

function readiness(record: PodRecord) {
  return {
    scheme: 'http',
    host: record.ip,
    port: SIDECAR_PORTS.readiness,
    path: '/healthz/ready',
    headers: [],
    timeoutMs: READY_TIMEOUT_MS,
    localAddress: undefined,
  } as const;
}

async function writeEvent(
  live: LiveTools,
  host: string,
  record: PodRecord,
  event: { type: 'Normal' | 'Warning'; reason: string; message: string },
): Promise<void> {
  const { type, reason, message } = event;
  const object = { ...record.pod, apiVersion: 'v1', kind: 'Pod' };
  await recordWhenThere(
    live.client,
    { object, type, reason, message, component: 'node-runtime', host },
    { clock: live.clock },
  );
}

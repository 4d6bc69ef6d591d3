import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { containerPaths } from '../oci/container-files.ts';
import { reopenLog } from '../oci/reopen-log.ts';
import { containerId } from '../pod/container-plan.ts';
import { membersOf } from '../pod/members.ts';
import { containerLog } from '../pod/pod-paths.ts';
import { containerRecord, type PodRecord } from '../pod/pod-record.ts';
import { LOG_LIMITS, rotateLog } from './rotate-log.ts';

/** More often than the kubelet looks (10 s): a sidecar under load writes some megabytes a second. */
const INTERVAL_MS = 2_000;

/** Rotates the logs of containers that have grown too long. */
export async function patrolLogs(
  records: () => readonly PodRecord[],
  config: MeshConfig,
  tools: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  while (!tools.signal.aborted) {
    for (const { id, path } of records().flatMap((record) => logsOf(record, config))) {
      const reopen = () => reopenLog(containerPaths(config, id));
      await rotateLog(path, LOG_LIMITS, { clock: tools.clock, reopen }).catch((error: unknown) =>
        tools.logger.warn('a log was not rotated', { container: id, reason: messageOf(error) }),
      );
    }
    await sleep(tools.clock, INTERVAL_MS, tools.signal).catch(() => {});
  }
}

function logsOf(record: PodRecord, config: MeshConfig): { id: string; path: string }[] {
  const { podLogs } = pathsOf(config);
  return membersOf(record).map(({ name }) => {
    const { attempt } = containerRecord(record, name);
    return {
      id: containerId(config.id, record.pod.metadata.uid ?? '', name, attempt),
      path: containerLog(podLogs, record.pod, name, attempt),
    };
  });
}

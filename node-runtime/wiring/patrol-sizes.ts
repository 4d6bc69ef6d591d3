import { join } from 'node:path';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { MeshPaths } from '#api/mesh/config.ts';
import { podLogDirectory } from '../pod/pod-paths.ts';
import type { Pods } from '../pod/pods.ts';
import { hasDiskLimit, outgrown } from '../volumes/size-watch.ts';

/** The kubelet's eviction interval. */
const INTERVAL_MS = 10_000;

/** Evicts pods that have written more to disk than they may, as the kubelet does. */
export async function patrolSizes(
  pods: Pods,
  paths: Pick<MeshPaths, 'podVolumes' | 'podLogs'>,
  tools: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  while (!tools.signal.aborted) {
    for (const worker of pods.workers.filter(({ record }) => hasDiskLimit(record.pod))) {
      const { pod } = worker.record;
      const data = {
        volumes: join(paths.podVolumes, pod.metadata.uid ?? ''),
        logs: podLogDirectory(paths.podLogs, pod),
      };
      const why = await outgrown(pod, data).catch((error: unknown) => {
        tools.logger.warn('disk use not measured', { reason: messageOf(error) });
        return undefined;
      });
      if (why !== undefined) worker.evict(why);
    }
    await sleep(tools.clock, INTERVAL_MS, tools.signal).catch(() => {});
  }
}

import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { podPaths } from '../pod/pod-paths.ts';
import type { Pods } from '../pod/pods.ts';
import type { RecordStore } from '../pod/record-store.ts';
import { hasLimitedVolume, outgrownVolume } from '../volumes/size-watch.ts';

/** The kubelet's eviction interval. */
const INTERVAL_MS = 10_000;

/** Evicts pods whose emptyDir has outgrown its limit, as the kubelet does. */
export async function patrolSizes(
  pods: Pods,
  store: RecordStore,
  tools: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  while (!tools.signal.aborted) {
    for (const worker of pods.workers.filter(({ record }) => hasLimitedVolume(record.pod))) {
      const { pod } = worker.record;
      const { volumes } = podPaths(store.directoryOf(pod.metadata.uid ?? ''));
      const outgrown = await outgrownVolume(pod, volumes).catch((error: unknown) => {
        tools.logger.warn('volume not measured', { reason: messageOf(error) });
        return undefined;
      });
      if (outgrown !== undefined) worker.evict(outgrown);
    }
    await sleep(tools.clock, INTERVAL_MS, tools.signal).catch(() => {});
  }
}

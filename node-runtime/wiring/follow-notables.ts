import { join } from 'node:path';
import type { Client } from '#api/client/client.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { ADMIN_SOCKET_FILE } from '../injection/sidecar-plan.ts';
import { followSidecar } from '../notables/follow-sidecar.ts';
import { type NotableEventsOptions, notableEvents } from '../notables/notable-events.ts';
import { podPaths } from '../pod/pod-paths.ts';
import type { PodRecord } from '../pod/pod-record.ts';
import type { Pods } from '../pod/pods.ts';
import type { Informers } from './informers.ts';

export interface FollowNotablesTools {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: Pick<MeshConfig, 'nodeName' | 'clusterDomain'>;
  readonly services: Informers['services'];
  /** All pods of the node, when asked. */
  readonly pods: () => Pick<Pods, 'workers'>;
  directoryOf(uid: string): string;
}

/** Has what a pod's sidecar tells written as Events. Returns the way to stop. */
export function followNotables(record: PodRecord, tools: FollowNotablesTools): () => void {
  if (!record.injected) return () => {};
  const { client, clock, config, services, pods } = tools;
  const paths = podPaths(tools.directoryOf(record.pod.metadata.uid ?? ''));
  const events: NotableEventsOptions = {
    client,
    clock,
    nodeName: config.nodeName,
    clusterDomain: config.clusterDomain,
    service: (namespace, name) => services.get(namespace, name),
    podAt: (address) => pods().workers.find((worker) => worker.record.ip === address)?.record.pod,
  };
  const tell = notableEvents(events);
  const letGo = new AbortController();
  void followSidecar({
    ...tools,
    socketPath: join(paths.admin, ADMIN_SOCKET_FILE),
    positionPath: paths.notables,
    signal: letGo.signal,
    tell: (fact) => tell(fact, record.pod, letGo.signal),
  });
  return () => letGo.abort();
}

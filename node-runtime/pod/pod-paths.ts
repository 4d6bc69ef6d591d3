import { join } from 'node:path';
import type { Pod } from '#api/kinds/pod.ts';

/** Where the parts of one pod stand below its directory `pods/UID`. */
export function podPaths(directory: string) {
  return {
    volumes: join(directory, 'volumes'),
    subPaths: join(directory, 'subpaths'),
    etc: join(directory, 'etc'),
    sidecar: join(directory, 'sidecar'),
    admin: join(directory, 'admin'),
    /** Containers' last words. */
    messages: join(directory, 'messages'),
  } as const;
}

/** Kubernetes' layout, so that log collectors find pods: `NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log`. */
export function podLogDirectory(podLogs: string, { metadata }: Pick<Pod, 'metadata'>): string {
  return join(podLogs, `${metadata.namespace}_${metadata.name}_${metadata.uid}`);
}

export function containerLog(
  podLogs: string,
  pod: Pick<Pod, 'metadata'>,
  name: string,
  attempt: number,
): string {
  return join(podLogDirectory(podLogs, pod), name, `${attempt}.log`);
}

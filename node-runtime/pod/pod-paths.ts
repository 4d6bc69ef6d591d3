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
    /** How far the sidecar's notables were read. */
    notables: join(directory, 'notables.json'),
    /** Containers' last words. */
    messages: join(directory, 'messages'),
  } as const;
}

/** What a file's name may be long on Linux' file systems. */
const MAX_NAME = 255;

/**
 * Kubernetes' layout, so that log collectors find pods: `NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log`. A name that is too long
 * for it is cut off: the uid tells pods apart.
 */
export function podLogDirectory(podLogs: string, { metadata }: Pick<Pod, 'metadata'>): string {
  const end = `_${metadata.uid}`;
  const start = `${metadata.namespace}_${metadata.name}`.slice(0, MAX_NAME - end.length);
  return join(podLogs, start + end);
}

export function containerLog(
  podLogs: string,
  pod: Pick<Pod, 'metadata'>,
  name: string,
  attempt: number,
): string {
  return join(podLogDirectory(podLogs, pod), name, `${attempt}.log`);
}

import { WeftError } from '#api/foundation/errors.ts';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import type { Exec } from '../api/exec/serve-exec.ts';
import { containerId, processUser } from '../pod/container-plan.ts';
import type { Containers } from '../pod/containers.ts';
import { membersOf } from '../pod/members.ts';
import { containerRecord } from '../pod/pod-record.ts';
import type { PodWorker } from '../pod/pod-worker.ts';

/** Runs commands in one container of a pod, as the container's own processes run. */
export function execInPod(worker: PodWorker, name: string, meshId: string, containers: Containers): Exec {
  return async (command, streams) => {
    const { record } = worker;
    const member = membersOf(record).find((candidate) => candidate.name === name);
    if (member === undefined) throw new WeftError('ContainerNotFound', `the pod has no container ${name}`);
    const user =
      member.container === undefined
        ? { uid: SIDECAR_UID, gid: SIDECAR_UID }
        : processUser(member.container, record);
    const { attempt } = containerRecord(record, name);
    const id = containerId(meshId, record.pod.metadata.uid ?? '', name, attempt);
    return containers.exec(id, command, { uid: user.uid, gid: user.gid, env: {}, ...streams });
  };
}

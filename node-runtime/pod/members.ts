import type { Container } from '#api/kinds/pod-spec.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';
import { isGateway } from '../injection/template.ts';
import type { PodRecord } from './pod-record.ts';

/**
 * What a container is in its pod, which decides when it starts and stops: the mesh's `proxy` is first up and
 * last down, an `init` runs to its end before what follows it, a native `sidecar` (an init container that
 * restarts always) runs beside the rest, and the `app` containers start together at the end. A gateway's proxy is its app.
 */
export type Role = 'proxy' | 'init' | 'sidecar' | 'app';

export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly restart: 'Always' | 'OnFailure' | 'Never';
  /** Its place in the pod's spec; absent for the mesh's own proxy, whatever a spec says of it. */
  readonly container: Container | undefined;
}

const PROXY: Member = { name: PROXY_NAME, role: 'proxy', restart: 'Always', container: undefined };

/** The pod's containers in the order in which they start. */
export function membersOf(record: Pick<PodRecord, 'pod' | 'injected'>): Member[] {
  const { spec } = record.pod;
  const gateway = record.injected && isGateway(record.pod);
  return [
    ...(record.injected && !gateway ? [PROXY] : []),
    ...(spec.initContainers ?? []).map((container) => initMember(container, spec.restartPolicy)),
    ...spec.containers.map(
      (container): Member => ({
        name: container.name,
        role: 'app',
        restart: spec.restartPolicy,
        container: gateway && container.name === PROXY_NAME ? undefined : container,
      }),
    ),
  ];
}

function initMember(container: Container, policy: Member['restart']): Member {
  if (container.restartPolicy === 'Always') {
    return { name: container.name, role: 'sidecar', restart: 'Always', container };
  }
  // An init container that succeeded is done, whatever the policy.
  return {
    name: container.name,
    role: 'init',
    restart: policy === 'Never' ? 'Never' : 'OnFailure',
    container,
  };
}

export function isSidecar(member: Member): boolean {
  return member.role === 'proxy' || member.role === 'sidecar';
}

/** Ports of the host that lead to a pod (Kubernetes' hostPort). */
import type { Pod } from '#api/kinds/pod.ts';

export interface HostPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly podIp: string;
  readonly containerPort: number;
}

/** The published ports of the pods that have an address and have not ended; of two that take one port, the older pod's. */
export function hostPortsOf(pods: readonly Pick<Pod, 'metadata' | 'spec' | 'status'>[]): HostPort[] {
  const taken = new Map<string, HostPort>();
  for (const pod of pods.filter(isServing).sort(byAge)) {
    for (const hostPort of portsOf(pod)) {
      const key = `${hostPort.protocol}/${hostPort.port}`;
      if (!taken.has(key)) taken.set(key, hostPort);
    }
  }
  return [...taken.keys()].sort().map((key) => taken.get(key)!);
}

function isServing({ status }: Pick<Pod, 'status'>): boolean {
  return status?.podIP !== undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

function byAge(a: Pick<Pod, 'metadata'>, b: Pick<Pod, 'metadata'>): number {
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.uid}`);
  return left! < right! ? -1 : 1;
}

function portsOf({ spec, status }: Pick<Pod, 'spec' | 'status'>): HostPort[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol }) =>
      hostPort === undefined
        ? []
        : [
            {
              protocol: protocol === 'UDP' ? ('udp' as const) : ('tcp' as const),
              port: hostPort,
              podIp: status?.podIP ?? '',
              containerPort,
            },
          ],
    ),
  );
}

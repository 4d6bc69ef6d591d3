import type { ContainerProbes } from '../probes/container-probes.ts';
import { ContainerProbes as Probes } from '../probes/container-probes.ts';
import type { Member } from './members.ts';
import type { PodRecord } from './pod-record.ts';
import type { PodTools } from './pod-tools.ts';
import { watchProxy } from './proxy-readiness.ts';
import type { Health } from './stage.ts';

export interface HealthWatch {
  stop(): void;
}

export interface WatchRequest {
  readonly member: Member;
  /** The pod's record at the time of a probe, not at the start. */
  readonly record: () => PodRecord;
  readonly startedAtMs: number;
  /** What an earlier node runtime last knew of this very container. */
  readonly inherited: Pick<Health, 'started' | 'ready'> | undefined;
  readonly onHealth: (health: Health) => void;
}

/** Watches one running container: an app by its probes, the sidecar by its readiness port. */
export function watchHealth(request: WatchRequest, tools: PodTools): HealthWatch {
  const { container } = request.member;
  if (container === undefined) return watchProxy(request, tools);
  const probes: ContainerProbes = new Probes({
    container,
    runningForMs: Math.max(0, tools.clock.wallMs() - request.startedAtMs),
    inherited: request.inherited,
    clock: tools.clock,
    run: (probe, timeoutMs) => tools.probe(request.record(), request.member, probe, timeoutMs),
    onHealth: request.onHealth,
    onFailure: (kind, message) =>
      tools.tell(request.record(), {
        type: 'Warning',
        reason: 'Unhealthy',
        message: `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe failed: ${message}`,
        container: container.name,
      }),
  });
  probes.start();
  return probes;
}

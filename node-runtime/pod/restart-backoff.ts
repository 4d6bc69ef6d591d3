import type { Member } from './members.ts';
import type { ContainerRecord, ExitRecord } from './pod-record.ts';

interface RestartPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A run of this length forgives what was before. */
  readonly resetAfterMs: number;
}

/** The kubelet's: at once the first time, then 10 s doubling to 5 min, forgiven after twice the longest wait. */
const CONTAINER_RESTART: RestartPolicy = { firstMs: 10_000, maxMs: 300_000, resetAfterMs: 600_000 };

/** The sidecar carries the pod's traffic: without it the pod is cut off, so it comes back sooner. */
const PROXY_RESTART: RestartPolicy = { firstMs: 500, maxMs: 15_000, resetAfterMs: 60_000 };

export function shouldRestart(member: Pick<Member, 'restart'>, exit: Pick<ExitRecord, 'code'>): boolean {
  return member.restart === 'Always' || (member.restart === 'OnFailure' && exit.code !== 0);
}

/** The wait after `exit`, given the wait that came before the run that ended. The first restart is immediate. */
export function backoffAfter(
  member: Pick<Member, 'role'>,
  record: Pick<ContainerRecord, 'attempt' | 'backoffMs'>,
  exit: Pick<ExitRecord, 'startedAtMs' | 'finishedAtMs'>,
): number {
  const policy = member.role === 'proxy' ? PROXY_RESTART : CONTAINER_RESTART;
  const ranMs = exit.startedAtMs === undefined ? 0 : exit.finishedAtMs - exit.startedAtMs;
  if (record.attempt === 0 || ranMs >= policy.resetAfterMs) return 0;
  return Math.min(policy.maxMs, Math.max(policy.firstMs, record.backoffMs * 2));
}

/** Making a container failed: retried soon, because the cause is usually a ConfigMap that arrives a moment later. */
const FAILURE_RETRY = { firstMs: 500, maxMs: 10_000 };

export function failureDelay(previousMs: number | undefined): number {
  return previousMs === undefined ? FAILURE_RETRY.firstMs : Math.min(FAILURE_RETRY.maxMs, previousMs * 2);
}

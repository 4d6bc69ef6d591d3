import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { PodStatus } from '#api/kinds/pod.ts';
import type { Outcome } from '../probes/prober.ts';
import type { ContainerPlan, Containers, Limits } from './containers.ts';
import type { Action, PodEvent } from './decision.ts';
import type { Member } from './members.ts';
import type { PodRecord } from './pod-record.ts';
import type { Redirect, Sandboxes } from './sandboxes.ts';

type ProbeSpec = NonNullable<NonNullable<Member['container']>['livenessProbe']>;

/** What a pod's worker needs of the rest of the node runtime. Small enough to be faked whole. */
export interface PodTools {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meshId: string;
  readonly hostIp: string;
  readonly containers: Containers;
  readonly sandboxes: Sandboxes;
  /** What of the pod's traffic bypasses the sidecar. Throws a WeftError for annotations that cannot be followed. */
  redirect(record: PodRecord): Redirect | undefined;
  /** What all containers of the pod may use together. */
  limits(record: PodRecord): Limits;
  prepare(record: PodRecord, member: Member): Promise<ContainerPlan>;
  /** One try of a probe. */
  probe(record: PodRecord, member: Member, probe: ProbeSpec, timeoutMs: number): Promise<Outcome>;
  /** Asks the sidecar whether it is ready. */
  proxyReady(record: PodRecord): Promise<boolean>;
  /** Runs a command of a lifecycle hook; resolves with its exit code. */
  execHook(record: PodRecord, member: Member, command: readonly string[], timeoutMs: number): Promise<number>;
  /** What a container that has ended left as its last words. */
  lastWords(record: PodRecord, member: Member, failed: boolean): string | undefined;
  /** Puts the record on disk before it returns. */
  save(record: PodRecord): void;
  /** Hands the status on to the API, now or when it is there again. */
  publish(record: PodRecord, status: PodStatus): void;
  tell(record: PodRecord, event: PodEvent): void;
  /** An action has ended, well or badly. */
  acted?(action: Action, seconds: number): void;
  /** Gives back volumes and address. */
  release(record: PodRecord): Promise<void>;
  /** Removes the pod's logs, which outlive its containers as long as the API knows the pod. */
  dropLogs(record: PodRecord): Promise<void>;
  /** Removes the pod from the API. */
  forget(record: PodRecord): Promise<void>;
}

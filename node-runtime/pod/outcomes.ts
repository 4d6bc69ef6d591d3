import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import { containerRecord, type PodRecord, withContainer } from './pod-record.ts';
import { failureDelay } from './restart-backoff.ts';

/** What an action's end adds to what is remembered. */

/** The container could not be made: Kubernetes' waiting reason is the error's code. */
export function creationFailed(record: PodRecord, name: string, error: unknown, nowMs: number): PodRecord {
  const container = containerRecord(record, name);
  const delayMs = failureDelay(container.failure?.delayMs);
  return withContainer(record, name, {
    ...container,
    failure: {
      reason: waitingReason(error),
      message: sentenceOf(error),
      delayMs,
      retryAtMs: nowMs + delayMs,
    },
  });
}

/** Errors that users can mend carry a reason of their own; the rest is the container runtime's. */
function waitingReason(error: unknown): string {
  const code = error instanceof WeftError ? codeOf(error) : undefined;
  return code === undefined || code === 'CreateFailed' ? 'CreateContainerError' : code;
}

function sentenceOf(error: unknown): string {
  const remedy = error instanceof WeftError ? error.remedy : undefined;
  return remedy === undefined ? messageOf(error) : `${messageOf(error)}; ${remedy}`;
}

export function created(record: PodRecord, name: string): PodRecord {
  return withContainer(record, name, { ...containerRecord(record, name), failure: undefined });
}

export function signalled(record: PodRecord, name: string): PodRecord {
  const container = containerRecord(record, name);
  if (container.stopping === undefined) return record;
  return withContainer(record, name, { ...container, stopping: { ...container.stopping, signalled: true } });
}

/** A failed postStart hook ends its container, which then restarts by the pod's policy. */
export function hookFailed(record: PodRecord, name: string, nowMs: number): PodRecord {
  const container = containerRecord(record, name);
  if (container.exit !== undefined || container.stopping !== undefined) return record;
  const graceMs = record.pod.spec.terminationGracePeriodSeconds * 1000;
  const stopping = { killAtMs: nowMs + graceMs, message: 'its postStart hook failed', signalled: false };
  return withContainer(record, name, { ...container, stopping });
}

export function tornDown(record: PodRecord): PodRecord {
  return { ...record, tornDown: true };
}

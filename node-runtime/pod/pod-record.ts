import { z } from 'zod';
import { PodSchema, PodStatus } from '#api/kinds/pod.ts';

/**
 * What the node runtime remembers of a pod and the kernel cannot tell: how often a container was restarted, what
 * its last exit was, why the pod ends. It is the state of the pod's state machine, and it is on disk
 * (`pods/UID/pod.json`) before anything is done about it, so that a node runtime that was killed is followed by
 * one that goes on where it stopped. Times are wall clock milliseconds: they outlive the process.
 */

const ExitRecord = z.strictObject({
  code: z.int(),
  oomKilled: z.boolean(),
  /** False when nobody saw the end. */
  known: z.boolean(),
  startedAtMs: z.number().optional(),
  finishedAtMs: z.number(),
  /** The container's last words (terminationMessagePath). */
  message: z.string().optional(),
});
export type ExitRecord = z.infer<typeof ExitRecord>;

const ContainerRecord = z.strictObject({
  /** Which container of this name it is, from 0: the restart count, and the end of the container's id. */
  attempt: z.int().min(0),
  startedAtMs: z.number().optional(),
  /** How the present attempt ended. */
  exit: ExitRecord.optional(),
  /** How the one before ended. */
  previous: ExitRecord.optional(),
  /** Wait between the end of the present attempt and the next one, milliseconds. */
  backoffMs: z.number().min(0).default(0),
  /** Why it could not be made or started, and when that is tried again. */
  failure: z
    .strictObject({ reason: z.string(), message: z.string(), delayMs: z.number(), retryAtMs: z.number() })
    .optional(),
  /** Set once it was decided to stop it: SIGTERM after the preStop hook, SIGKILL at `killAtMs`. */
  stopping: z.strictObject({ killAtMs: z.number(), message: z.string(), signalled: z.boolean() }).optional(),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

const Ending = z.strictObject({
  /** `gone`: the API no longer has it. */
  reason: z.enum(['deleted', 'gone', 'deadline', 'completed', 'evicted']),
  sinceMs: z.number(),
  graceMs: z.number().min(0),
  message: z.string().optional(),
});
export type Ending = z.infer<typeof Ending>;

export const PodRecord = z.strictObject({
  schema: z.literal(1),
  /** The pod as last seen in the API. */
  pod: PodSchema,
  /** Name of its sandbox. */
  sandbox: z.string(),
  ip: z.string(),
  /** Decided once: a namespace that changes its label later does not change running pods. */
  injected: z.boolean(),
  startTimeMs: z.number(),
  containers: z.record(z.string(), ContainerRecord),
  ending: Ending.optional(),
  /** Nothing of it is left in the kernel; kept until the API forgets the pod. */
  tornDown: z.boolean().default(false),
  /** The status last computed: readiness and transition times survive with it. */
  status: PodStatus.optional(),
});
export type PodRecord = z.infer<typeof PodRecord>;

export const FRESH_CONTAINER: ContainerRecord = { attempt: 0, backoffMs: 0 };

export function containerRecord(record: PodRecord, name: string): ContainerRecord {
  return Object.hasOwn(record.containers, name)
    ? (record.containers[name] ?? FRESH_CONTAINER)
    : FRESH_CONTAINER;
}

/** The record with one container's part replaced. */
export function withContainer(record: PodRecord, name: string, next: ContainerRecord): PodRecord {
  return { ...record, containers: { ...record.containers, [name]: next } };
}

import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { Event } from '#api/kinds/event.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { type Client, isReason } from './client.ts';
import { changeObject } from './retry-on-conflict.ts';

export interface Happening {
  /** What it happened to. */
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** One CamelCase word, Kubernetes' where it has one: `FailedScheduling`, `ScalingReplicaSet`. */
  readonly reason: string;
  /** A sentence for people. Secrets never stand in it. */
  readonly message: string;
  /** Who says so: `scheduler`, `node-runtime`. */
  readonly component: string;
  readonly host?: string;
}

/** Kubernetes' limit for an event's message. */
const MAX_MESSAGE = 1024;

/**
 * Writes an Event about an object. The same happening again raises the count of the event that is there. An event
 * is a note and never worth a failure: false when it could not be written.
 */
export async function recordEvent(
  client: Client,
  happening: Happening,
  clock: Pick<Clock, 'wallMs'> = systemClock,
): Promise<boolean> {
  const event = eventFor(happening, new Date(clock.wallMs()).toISOString().replace(/\.\d+Z$/, 'Z'));
  try {
    await client.create(Event, event);
    return true;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) return false;
  }
  return countOnceMore(client, event).catch(() => false);
}

async function countOnceMore(client: Client, event: Event): Promise<boolean> {
  const { namespace, name = '' } = event.metadata;
  const counted = await changeObject(client, {
    kind: Event,
    namespace,
    name,
    change: (current) => ({
      ...current,
      count: (current.count ?? 1) + 1,
      ...(event.lastTimestamp === undefined ? {} : { lastTimestamp: event.lastTimestamp }),
    }),
  });
  return counted !== undefined;
}

/** Events of objects without a namespace live in `default`, as in Kubernetes. */
function eventFor(happening: Happening, now: string): Event {
  const { object, type, reason, component, host } = happening;
  const { metadata, kind, apiVersion } = object;
  const namespace = metadata.namespace ?? 'default';
  const message = happening.message.slice(0, MAX_MESSAGE);
  const same = [kind, namespace, metadata.name, metadata.uid, type, reason, message, component, host];
  const digest = createHash('sha256').update(JSON.stringify(same)).digest('hex').slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${(metadata.name ?? '').slice(0, 230)}.${digest}`, namespace },
    involvedObject: {
      kind,
      apiVersion,
      name: metadata.name,
      uid: metadata.uid,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
  };
}

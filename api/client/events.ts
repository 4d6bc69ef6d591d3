import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { Event } from '#api/kinds/event.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { type Client, isReason } from './client.ts';
import { type Correlated, EventCorrelator } from './event-correlator.ts';
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

/** What was told of what lately, by the way that it is written. */
const correlators = new WeakMap<Client, EventCorrelator>();

/**
 * Writes an Event about an object. The same happening again raises the count of the event that is there, and what
 * happens too often is held back and counted (see EventCorrelator). An event is a note and never worth a failure: false
 * when it was not written.
 */
export async function recordEvent(
  client: Client,
  happening: Happening,
  clock: Pick<Clock, 'wallMs'> = systemClock,
): Promise<boolean> {
  const correlator = correlators.get(client) ?? new EventCorrelator();
  correlators.set(client, correlator);
  const nowMs = clock.wallMs();
  const { object, type, reason, component, host } = happening;
  const { kind, metadata } = object;
  const source = [component, host, kind, metadata.namespace ?? 'default', metadata.name, metadata.uid];
  const message = happening.message.slice(0, MAX_MESSAGE);
  const correlated = correlator.correlate({ source, type, reason, message }, nowMs);
  if (correlated === undefined) return false;
  const event = eventFor(happening, correlated, new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'));
  try {
    await client.create(Event, event);
    return true;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) return false;
  }
  return countMore(client, event, correlated.times).catch(() => false);
}

async function countMore(client: Client, event: Event, times: number): Promise<boolean> {
  const { namespace, name = '' } = event.metadata;
  const { lastTimestamp, message } = event;
  const counted = await changeObject(client, {
    kind: Event,
    namespace,
    name,
    change: (current) => ({
      ...current,
      count: (current.count ?? 1) + times,
      ...(lastTimestamp === undefined ? {} : { lastTimestamp }),
      ...(message === undefined ? {} : { message }),
    }),
  });
  return counted !== undefined;
}

/** Events of objects without a namespace live in `default`, as in Kubernetes. */
function eventFor(happening: Happening, { identity, message, times }: Correlated, now: string): Event {
  const { object, type, reason, component, host } = happening;
  const { metadata, kind, apiVersion } = object;
  const namespace = metadata.namespace ?? 'default';
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
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
    count: times,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
  };
}

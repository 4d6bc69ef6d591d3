import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { Event } from '#api/kinds/event.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { ApiError, type Client, isReason } from './client.ts';
import { type Correlated, EventCorrelator, type Told } from './event-correlator.ts';
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
  /** On whose word (see EventCorrelator). */
  readonly witness?: string;
  /** When, milliseconds since the epoch; now where that is not said. */
  readonly atMs?: number;
}

/** `held-back` until more of it happens. `refused` will be refused again, and `away` is who would write it. */
export type Recorded = 'written' | 'held-back' | 'refused' | 'away';

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
  return (await tryToRecord(client, happening, clock, false)) === 'written';
}

/** One try of the same. `isTriedAgain`: where the API is away, so that the next try is not counted as another happening. */
export async function tryToRecord(
  client: Client,
  happening: Happening,
  clock: Pick<Clock, 'wallMs'>,
  isTriedAgain: boolean,
): Promise<Recorded> {
  const correlator = correlators.get(client) ?? new EventCorrelator();
  correlators.set(client, correlator);
  const nowMs = clock.wallMs();
  const told = toldOf(happening);
  const correlated = correlator.correlate(told, nowMs);
  if (correlated === undefined) return 'held-back';
  const at = new Date(happening.atMs ?? nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  try {
    return (await write(client, eventFor(happening, correlated, at), correlated.times))
      ? 'written'
      : 'refused';
  } catch (error) {
    const isAway = !isRefusal(error);
    correlator.unwritten(told, correlated, isAway && isTriedAgain);
    return isAway ? 'away' : 'refused';
  }
}

function toldOf({ object, type, reason, component, host, witness, message }: Happening): Told {
  const { kind, metadata } = object;
  const source = [component, host, kind, metadata.namespace ?? 'default', metadata.name, metadata.uid];
  return { source, witness, type, reason, message: message.slice(0, MAX_MESSAGE) };
}

/** Whether the API itself said no, and will say so again. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.code < 500 && error.code !== 429;
}

async function write(client: Client, event: Event, times: number): Promise<boolean> {
  try {
    await client.create(Event, event);
    return true;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  return countMore(client, event, times);
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
      ...latest(current, lastTimestamp),
      ...(message === undefined ? {} : { message }),
    }),
  });
  return counted !== undefined;
}

/** What was told late does not make an event older. Timestamps of one form are in order as texts. */
function latest(
  { lastTimestamp: known = '' }: Event,
  told: string | undefined,
): Pick<Event, 'lastTimestamp'> {
  return told !== undefined && told > known ? { lastTimestamp: told } : {};
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

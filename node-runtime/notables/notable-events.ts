/**
 * Writes what sidecars tell as Events: on the Service, where people look for what is wrong with it, and of an endpoint
 * that is a pod on the Pod as well. What is about no Service of the mesh (a ServiceEntry's host) is told on the pod
 * that saw it. Correlation keeps the number of what is told of one object in bounds (see `recordEvent`), and a measure
 * for each sidecar that of the objects. While the API is away a sidecar's line waits, and those behind it with it, in
 * the sidecar's own memory, which is bounded.
 */
import type { Client } from '#api/client/client.ts';
import { recordWhenThere } from '#api/client/waiting-events.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Service } from '#api/kinds/service.ts';
import type { NotableFact } from '#api/mesh/notable.ts';
import { wordsOf } from './event-words.ts';

export interface NotableEventsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly clusterDomain: string;
  service(namespace: string, name: string): Service | undefined;
  podAt(address: string): Pod | undefined;
}

/** `atMs`: when the sidecar says that it happened. */
export type TellNotable = (
  fact: NotableFact & { readonly atMs: number },
  reporter: Pod,
  signal?: AbortSignal,
) => Promise<void>;

/** 50 at once and one a second: far more than is read, far less than the API can take. */
const BURST = 50;
const REFILL_MS = 1_000;
/** How long ago a sidecar may say that something happened: its clock is not ours, and it may lie. */
const MAX_AGE_MS = 3_600_000;

/** For one sidecar. */
export function notableEvents(options: NotableEventsOptions): TellNotable {
  const { client, clock, nodeName: host } = options;
  let tokens = BURST;
  let filledMs = clock.nowMs();
  const mayTell = (): boolean => {
    const nowMs = clock.nowMs();
    tokens = Math.min(BURST, tokens + (nowMs - filledMs) / REFILL_MS);
    filledMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
  return async (fact, reporter, signal) => {
    if (!mayTell()) return;
    const witness = `${reporter.metadata.namespace}/${reporter.metadata.name}`;
    const { type, reason, message, address } = wordsOf(fact, witness);
    const pod = address === undefined ? undefined : options.podAt(address);
    const service = serviceOf(fact.service, options);
    const objects: KubeObject[] = [
      ...(service === undefined ? [] : [asObject(service, 'Service')]),
      ...(pod === undefined ? [] : [asObject(pod, 'Pod')]),
    ];
    if (service === undefined) objects.push(asObject(reporter, 'Pod'));
    const nowMs = clock.wallMs();
    const atMs = Math.min(nowMs, Math.max(nowMs - MAX_AGE_MS, fact.atMs));
    for (const object of objects) {
      const happening = { object, type, reason, message, component: 'sidecar', host, witness, atMs };
      await recordWhenThere(client, happening, { clock, signal });
    }
  };
}

function serviceOf(host: string, { clusterDomain, service }: NotableEventsOptions): Service | undefined {
  const suffix = `.svc.${clusterDomain}`;
  if (!host.endsWith(suffix)) return undefined;
  const [name = '', namespace = '', ...more] = host.slice(0, -suffix.length).split('.');
  return more.length > 0 ? undefined : service(namespace, name);
}

function asObject({ metadata }: Pod | Service, kind: 'Pod' | 'Service'): KubeObject {
  return { apiVersion: 'v1', kind, metadata };
}

import { type Backoff, createBackoff } from '#api/foundation/backoff.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { newRecord } from './new-record.ts';
import type { PodRecord } from './pod-record.ts';
import type { PodTools } from './pod-tools.ts';
import { PodWorker } from './pod-worker.ts';
import type { RecordStore } from './record-store.ts';

export interface PodsTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meshId: string;
  readonly store: RecordStore;
  readonly addresses: { allocate(): string };
  /** Whether the pod gets a sidecar. Rejects while nobody can say. */
  injected(pod: Pod): Promise<boolean>;
  /** Removes a pod that never ran here from the API. */
  forget(pod: Pod): Promise<void>;
  toolsFor(record: PodRecord): { readonly tools: PodTools; close(): void };
}

/** Taking a pod on fails when the API is away or the addresses are used up: neither lasts. */
const ADMISSION_RETRY = { initialMs: 200, maxMs: 10_000, factor: 2, jitter: 0.2 };

interface Resident {
  readonly worker: PodWorker;
  readonly close: () => void;
}

/** All pods of the node: one worker each, from the API's word or from an earlier node runtime's records. */
export class Pods {
  readonly #tools: PodsTools;
  readonly #residents = new Map<string, Resident>();
  /** Pods that are being taken on, as last seen. */
  readonly #arriving = new Map<string, Pod>();

  constructor(tools: PodsTools) {
    this.#tools = tools;
  }

  get workers(): PodWorker[] {
    return [...this.#residents.values()].map(({ worker }) => worker);
  }

  find(namespace: string, name: string): PodWorker | undefined {
    return this.workers.findLast(({ record }) => {
      const { metadata } = record.pod;
      return metadata.namespace === namespace && metadata.name === name;
    });
  }

  /** Takes over the pods of an earlier node runtime. */
  adopt(records: readonly PodRecord[]): void {
    for (const record of records) this.#settle(record);
    if (records.length > 0) this.#tools.logger.info('pods taken over', { pods: records.length });
  }

  /** The API has this pod on this node, new or changed. */
  seen(pod: Pod): void {
    const uid = uidOf(pod);
    const resident = this.#residents.get(uid);
    if (resident !== undefined) resident.worker.update(pod);
    else if (this.#arriving.has(uid)) this.#arriving.set(uid, pod);
    else if (pod.metadata.deletionTimestamp !== undefined) void this.#forget(pod);
    else if (!isOver(pod)) void this.#takeOn(pod);
  }

  /** The API has it no more. */
  gone(pod: Pick<Pod, 'metadata'>): void {
    this.#arriving.delete(uidOf(pod));
    this.#residents.get(uidOf(pod))?.worker.gone();
  }

  /** After the first complete list: what is not on it ended while nobody watched. */
  keepOnly(pods: readonly Pick<Pod, 'metadata'>[]): void {
    const present = new Set(pods.map(uidOf));
    for (const [uid, { worker }] of this.#residents) if (!present.has(uid)) worker.gone();
  }

  /** Lets go of all pods, which go on running. */
  stop(): void {
    this.#arriving.clear();
    for (const { worker, close } of this.#residents.values()) {
      worker.stop();
      close();
    }
    this.#residents.clear();
  }

  async #takeOn(pod: Pod): Promise<void> {
    const uid = uidOf(pod);
    this.#arriving.set(uid, pod);
    const backoff = createBackoff(ADMISSION_RETRY, this.#tools.random);
    const record = await this.#firstRecord(uid, backoff);
    const latest = this.#arriving.get(uid);
    if (record === undefined || latest === undefined) return;
    this.#arriving.delete(uid);
    this.#tools.store.save(record);
    this.#settle(record);
    this.#residents.get(uid)?.worker.update(latest);
  }

  /** Undefined when the pod went away meanwhile. */
  async #firstRecord(uid: string, backoff: Backoff): Promise<PodRecord | undefined> {
    const { clock, logger, meshId, addresses } = this.#tools;
    for (;;) {
      const pod = this.#arriving.get(uid);
      if (pod === undefined) return undefined;
      try {
        const injected = await this.#tools.injected(pod);
        if (!this.#arriving.has(uid)) return undefined;
        return newRecord({ pod, meshId, ip: addresses.allocate(), injected, nowMs: clock.wallMs() });
      } catch (error) {
        logger.warn('pod not taken on yet', { pod: pod.metadata.name, reason: messageOf(error) });
        await sleep(clock, backoff.nextMs());
      }
    }
  }

  #settle(record: PodRecord): void {
    const uid = uidOf(record.pod);
    const { tools, close } = this.#tools.toolsFor(record);
    const worker = new PodWorker(record, tools, () => this.#over(uid));
    this.#residents.set(uid, { worker, close });
    void worker.start();
  }

  #over(uid: string): void {
    this.#residents.get(uid)?.close();
    this.#residents.delete(uid);
    this.#tools.store.remove(uid).catch((error: unknown) => {
      this.#tools.logger.warn('pod directory not removed', { uid, reason: messageOf(error) });
    });
  }

  async #forget(pod: Pod): Promise<void> {
    const { logger } = this.#tools;
    await this.#tools.forget(pod).catch((error: unknown) => {
      logger.warn('pod not removed from the API', { pod: pod.metadata.name, reason: messageOf(error) });
    });
  }
}

function uidOf(pod: Pick<Pod, 'metadata'>): string {
  return pod.metadata.uid ?? '';
}

/** It ran to its end before: it is not run again. */
function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

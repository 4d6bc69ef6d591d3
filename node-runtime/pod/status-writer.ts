import { type Client, isReason } from '#api/client/client.ts';
import { type Backoff, createBackoff } from '#api/foundation/backoff.ts';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { Pod, type PodStatus } from '#api/kinds/pod.ts';
import { scrapeAnnotations } from '../injection/app-metrics.ts';
import { SIDECAR_STATUS, STATUS_ANNOTATION } from '../injection/sidecar-status.ts';
import type { PodRecord } from './pod-record.ts';

/** A control plane that is away comes back; asking it often does not help. */
const RETRY = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0.3 };

/** Members of a status that come and go: a merge patch has to say that they went. */
const OPTIONAL = ['reason', 'message', 'podIP', 'podIPs', 'initContainerStatuses'] as const;

/**
 * Writes one pod's status to the API: the newest only, one request at a time, at once when none is under way. What
 * fails is tried again with whatever is newest by then. A patch names no resourceVersion, so it cannot conflict;
 * it names the uid, so that it never lands on a namesake.
 */
export class StatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #backoff: Backoff;
  #pending: { record: PodRecord; status: PodStatus } | undefined;
  #writing = false;
  #annotated = false;
  #closed = false;

  constructor(client: Client, tools: { clock: Clock; random: Random; logger: Logger }) {
    this.#client = client;
    this.#clock = tools.clock;
    this.#logger = tools.logger;
    this.#backoff = createBackoff(RETRY, tools.random);
  }

  offer(record: PodRecord, status: PodStatus): void {
    this.#pending = { record, status };
    if (!this.#writing && !this.#closed) void this.#drain();
  }

  close(): void {
    this.#closed = true;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#pending !== undefined && !this.#closed) {
      const next = this.#pending;
      this.#pending = undefined;
      try {
        await this.#write(next.record, next.status);
        this.#backoff.reset();
      } catch (error) {
        if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) continue;
        this.#logger.warn('status not written, trying again', { reason: messageOf(error) });
        this.#pending ??= next;
        await sleep(this.#clock, this.#backoff.nextMs());
      }
    }
    this.#writing = false;
  }

  async #write(record: PodRecord, status: PodStatus): Promise<void> {
    const { name = '', namespace, uid, annotations } = record.pod.metadata;
    const absent = Object.fromEntries(
      OPTIONAL.filter((key) => status[key] === undefined).map((key) => [key, null]),
    );
    const patch = { metadata: { uid }, status: { ...absent, ...status } };
    await this.#client.patch(Pod, namespace, name, patch, { subresource: 'status' });
    if (!record.injected || this.#annotated || annotations?.[STATUS_ANNOTATION] !== undefined) return;
    const told = { [STATUS_ANNOTATION]: SIDECAR_STATUS, ...scrapeAnnotations(record.pod) };
    const annotation = { metadata: { uid, annotations: told } };
    await this.#client.patch(Pod, namespace, name, annotation);
    this.#annotated = true;
  }
}

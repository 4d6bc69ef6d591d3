/**
 * Level-triggered work: a key says "look at this object again", however often it is said. One key is never worked on
 * twice at the same time; what is said meanwhile makes one more round.
 */

import { isReason } from '#api/client/client.ts';
import { type Backoff, type BackoffPolicy, createBackoff } from '#api/foundation/backoff.ts';
import type { Timer } from '#api/foundation/clock.ts';
import { codeOf, messageOf } from '#api/foundation/errors.ts';
import type { Tools } from '../tools.ts';
import { UNOBSERVED } from './queue-observer.ts';

export interface WorkQueue {
  /** Starts soon, within the same turn of the event loop. */
  add(key: string): void;
  /** Adds the key later; of several times the earliest counts, and the round it makes may ask again. */
  addAfter(key: string, delayMs: number): void;
  /** Ends after the rounds under way. */
  close(): Promise<void>;
}

export interface WorkQueueOptions {
  /** For log lines. */
  readonly name: string;
  /** One round. Resolves with milliseconds after which to look again, if at all; a failure is tried again with back-off. */
  readonly reconcile: (key: string) => Promise<number | undefined>;
  /** Rounds of different keys at the same time. */
  readonly concurrency?: number;
  /** Nothing starts before this: caches must be complete, or absence would be mistaken for deletion. */
  readonly after: Promise<unknown>;
}

const RETRY: BackoffPolicy = { initialMs: 5, maxMs: 30_000, factor: 2, jitter: 0.2 };
const CONCURRENCY = 8;

interface Delayed {
  readonly atMs: number;
  readonly timer: Timer;
}

export function createWorkQueue(options: WorkQueueOptions, tools: Tools): WorkQueue {
  const { clock, random } = tools;
  const logger = tools.logger.with({ controller: options.name });
  const limit = options.concurrency ?? CONCURRENCY;
  const observer = tools.observeQueue?.(options.name) ?? UNOBSERVED;
  /** Keys, and when each was added. */
  const waiting = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  const delayed = new Map<string, Delayed>();
  const failures = new Map<string, Backoff>();
  let open = false;
  let closed = false;

  const pump = (): void => {
    for (const [key, addedMs] of waiting) {
      if (!open || closed || running.size >= limit) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      observer.depth(waiting.size);
      observer.began((clock.nowMs() - addedMs) / 1000);
      running.set(key, round(key));
    }
  };

  const round = async (key: string): Promise<void> => {
    await Promise.resolve();
    const beganMs = clock.nowMs();
    try {
      const againMs = await options.reconcile(key);
      failures.delete(key);
      if (againMs !== undefined) addAfter(key, againMs);
    } catch (error) {
      if (!closed) failed(key, error);
    } finally {
      observer.ended((clock.nowMs() - beganMs) / 1000);
      running.delete(key);
      pump();
    }
  };

  const failed = (key: string, error: unknown): void => {
    const backoff = failures.get(key) ?? createBackoff(RETRY, random);
    failures.set(key, backoff);
    observer.retried();
    const delayMs = backoff.nextMs();
    const fields = { key, reason: messageOf(error), code: codeOf(error), retryInMs: Math.round(delayMs) };
    if (isReason(error, 'Conflict')) logger.debug('somebody else wrote first, trying again', fields);
    else logger.warn('reconciliation failed, trying again', fields);
    addAfter(key, delayMs);
  };

  const addAfter = (key: string, delayMs: number): void => {
    if (closed) return;
    const atMs = clock.nowMs() + delayMs;
    const planned = delayed.get(key);
    if (planned !== undefined && planned.atMs <= atMs) return;
    planned?.timer.cancel();
    const timer = clock.after(delayMs, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { atMs, timer });
  };

  const add = (key: string): void => {
    if (closed) return;
    if (!waiting.has(key)) {
      waiting.set(key, clock.nowMs());
      observer.added();
      observer.depth(waiting.size);
    }
    pump();
  };

  void options.after.then(() => {
    open = true;
    pump();
  });

  return {
    add,
    addAfter,
    async close() {
      closed = true;
      for (const { timer } of delayed.values()) timer.cancel();
      await Promise.all(running.values());
    },
  };
}

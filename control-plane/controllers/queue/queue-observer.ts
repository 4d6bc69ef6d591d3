/** Hears what happens in one queue (client-go's `workqueue` metrics say what). */
export interface QueueObserver {
  /** A key that was not waiting is. */
  added(): void;
  /** Keys that wait for a round. */
  depth(keys: number): void;
  /** A key's round begins after it waited this long. */
  began(waitedSeconds: number): void;
  ended(workedSeconds: number): void;
  /** A round failed and is tried again. */
  retried(): void;
}

export type ObserveQueue = (name: string) => QueueObserver;

export const UNOBSERVED: QueueObserver = {
  added() {},
  depth() {},
  began() {},
  ended() {},
  retried() {},
};

/**
 * The one small port through which the control plane keeps its state. Revisions are one counter over the whole
 * store, as in etcd, and a key's revision is that of its last change: Kubernetes' resourceVersion.
 *
 * Every write is durable before its promise resolves. The value is opaque text to the store.
 */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Revision of the last change of this key. */
  readonly revision: number;
}

export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  /** The new value; of a deletion, the last one. */
  readonly value: string;
  /** True for the `put` that made the key. */
  readonly created: boolean;
  readonly revision: number;
  /** The value before this change, undefined when the key is new: selector watches need it. */
  readonly previous: string | undefined;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** The revision at which this list was true. */
  readonly revision: number;
}

export type WriteResult =
  | { readonly outcome: 'written'; readonly revision: number }
  | { readonly outcome: 'exists'; readonly current: Entry }
  | { readonly outcome: 'conflict'; readonly current: Entry }
  | { readonly outcome: 'absent' };

export interface Store {
  get(key: string): Promise<Entry | undefined>;
  /**
   * Keys that start with `prefix`, in key order, as of now or as of revision `at` (a WeftError with code
   * `Compacted` when that is forgotten, `FutureRevision` when it is yet to come). `limit` entries after the key
   * `from`, for paging.
   */
  list(prefix: string, options?: { at?: number; from?: string; limit?: number }): Promise<Page>;
  create(key: string, value: string): Promise<WriteResult>;
  /** Writes only when the key's revision is still `expected`. */
  update(key: string, value: string, expected: number): Promise<WriteResult>;
  /** With `expected`, only when the key's revision is still that. */
  delete(key: string, expected?: number): Promise<WriteResult>;
  /**
   * Changes after revision `after`, in order, each once, until the signal aborts. Throws a WeftError with code
   * `Compacted` when changes after `after` were already forgotten.
   */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<Change>;
  /**
   * The store's present revision. Every change up to it was handed to the watches that wait for one: a watch whose
   * `next()` is still pending in the following turn of the event loop has nothing to say up to here.
   */
  revision(): Promise<number>;
  close(): Promise<void>;
}

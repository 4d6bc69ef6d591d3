/**
 * The answer of every look-up of configuration. Today the whole configuration is in memory and `fetching` never
 * comes; on-demand subscriptions will answer with it, and callers already wait.
 */
export type Lookup<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'fetching'; readonly settled: Promise<void> };

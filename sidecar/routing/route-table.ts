import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { RequestView } from './request-view.ts';
import type { ResponseFlag } from './response-flag.ts';

/** When to try again, and how often. The exchange excludes the endpoints that were tried. */
export interface RetryPolicy {
  /** Tries beyond the first. */
  readonly attempts: number;
  /** Only failures where the request surely never reached an app are retried, for now. */
  readonly on: 'connect-failure';
}

export interface ForwardDecision {
  readonly kind: 'forward';
  /** The route's name, for metrics and logs; '' when it has none. */
  readonly route: string;
  readonly cluster: Cluster;
  /** Whole-request deadline, milliseconds; 0 is none. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Tell the upstream which try this is, in `x-envoy-attempt-count` (Envoy's include_request_attempt_count). */
  readonly countAttempts?: boolean;
}

export interface RejectDecision {
  readonly kind: 'reject';
  readonly status: number;
  readonly flag: ResponseFlag;
  /** One sentence for the caller: which rule, which host, which cause. */
  readonly reason: string;
}

export type RouteDecision = ForwardDecision | RejectDecision;

/** One compiled RouteConfiguration. Immutable; `select` allocates nothing on the common path. */
export interface RouteTable {
  readonly name: string;
  select(request: RequestView): RouteDecision;
}

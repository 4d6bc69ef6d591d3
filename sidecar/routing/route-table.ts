/**
 * What routing decides of a request, as plain data that others act on. A decision is made once per route (and per
 * weighted destination) and handed out again: deciding a request allocates nothing on the common path.
 */
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { HeaderEdits } from './header-edits.ts';
import type { RequestView } from './request-view.ts';
import type { ResponseFlag } from './response-flag.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Of 1,000,000 requests, how many (Envoy's FractionalPercent at its finest). */
export type PerMillion = number;

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
  /** Applied after the rewrite. Undefined: nothing to do, the bytes pass as they came. */
  readonly requestEdits?: HeaderEdits | undefined;
  readonly responseEdits?: HeaderEdits | undefined;
  readonly rewrite?: Rewrite | undefined;
  /** Copies that are sent elsewhere and forgotten. */
  readonly mirrors?: readonly Mirror[] | undefined;
  readonly fault?: Fault | undefined;
  readonly cors?: CorsPolicy | undefined;
  /** For clusters that balance by hash: what is hashed, in order; the rules combine as Envoy's hash_policy does. */
  readonly hash?: readonly HashRule[] | undefined;
}

export interface Rewrite {
  /** Path with query, as it is sent upstream; the argument is as it came. Undefined: unchanged. */
  readonly path: ((path: string) => string) | undefined;
  /** Undefined: unchanged. */
  readonly authority: string | undefined;
}

export interface Mirror {
  /** Looked up when a request is mirrored; undefined then: the mirror is dropped silently. */
  readonly cluster: () => Cluster | undefined;
  readonly share: PerMillion;
}

/** Envoy's HTTPFault. Delay first, then abort; each drawn for itself. */
export interface Fault {
  readonly delay: { readonly ms: number; readonly share: PerMillion } | undefined;
  readonly abort: { readonly status: number; readonly share: PerMillion } | undefined;
}

/** Envoy's CorsPolicy. Lists are joined as they are sent. */
export interface CorsPolicy {
  readonly allowsOrigin: (origin: string) => boolean;
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  /** Seconds; '' when it is not said. */
  readonly maxAge: string;
  readonly allowCredentials: boolean;
  /** A preflight from elsewhere is passed on (Envoy's forward_not_matching_preflights; true by default). */
  readonly forwardUnmatchedPreflights: boolean;
}

/** Envoy's RouteAction.HashPolicy. `terminal`: later rules count only while there is no hash yet. */
export type HashRule = { readonly terminal: boolean } & (
  | { readonly by: 'header'; readonly name: string }
  | { readonly by: 'query'; readonly name: string }
  | { readonly by: 'source-ip' }
  /** Without the cookie and with a `ttlMs`, one is made and set; 0 makes a session cookie. */
  | {
      readonly by: 'cookie';
      readonly name: string;
      readonly path: string;
      readonly ttlMs: number | undefined;
    }
);

export interface RejectDecision {
  readonly kind: 'reject';
  readonly status: number;
  readonly flag: ResponseFlag;
  /** One sentence for the caller: which rule, which host, which cause. */
  readonly reason: string;
}

/** Envoy's RedirectAction. */
export interface RedirectDecision {
  readonly kind: 'redirect';
  readonly route: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** The `location` for a request; `secure` says that it came over TLS. */
  readonly location: (request: RequestView, secure: boolean) => string;
  readonly responseEdits?: HeaderEdits | undefined;
}

/** Envoy's DirectResponseAction: an answer of the rule's own, no failure. */
export interface DirectDecision {
  readonly kind: 'direct';
  readonly route: string;
  readonly status: number;
  readonly body: Uint8Array;
  readonly responseEdits?: HeaderEdits | undefined;
}

export type RouteDecision = ForwardDecision | RejectDecision | RedirectDecision | DirectDecision;

/** One compiled RouteConfiguration. Immutable. */
export interface RouteTable {
  readonly name: string;
  select(request: RequestView): RouteDecision;
}

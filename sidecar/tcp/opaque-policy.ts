/** What Envoy's tcp_proxy says of the connections that it carries, as plain values. */
export interface OpaquePolicy {
  /** Time without a byte in either direction after which a connection is closed, milliseconds; 0 is never. */
  readonly idleTimeoutMs: number;
  /** Time after which a connection is closed whatever it does, milliseconds; 0 is never. */
  readonly maxDurationMs: number;
  /** Endpoints tried at most. */
  readonly connectAttempts: number;
}

/**
 * Idle time as in Envoy. Endpoints tried: as many as an HTTP request gets from Istio's default of two retries, which is
 * more than Envoy's one: before anything was sent nothing can be lost by it.
 */
export const DEFAULT_OPAQUE_POLICY: OpaquePolicy = {
  idleTimeoutMs: 3_600_000,
  maxDurationMs: 0,
  connectAttempts: 3,
};

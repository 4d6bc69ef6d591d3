import {
  type RouteAction,
  type RouteAction_MaxStreamDuration,
  RouteAction_MaxStreamDurationSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { acceptDuration } from '#sidecar/discovery/durations.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';

/** Envoy's default for RouteAction.timeout. */
const DEFAULT_TIMEOUT_MS = 15_000;

/**
 * How long a request may take, milliseconds; 0 is any time. `timeout` and `max_stream_duration` both bound the whole of
 * it here, so the shorter one is what counts.
 */
export function compileTimeout(action: RouteAction, place: Place): number {
  const { timeout, idleTimeout, maxStreamDuration } = action;
  if (idleTimeout !== undefined && acceptDuration(idleTimeout, place.in('idle_timeout')) !== 0) {
    place.in('idle_timeout').refuse('only 0s is supported');
  }
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : acceptDuration(timeout, place.in('timeout'));
  const streamMs = compileStreamDuration(maxStreamDuration, place.in('max_stream_duration'));
  if (timeoutMs === 0 || streamMs === 0) return timeoutMs + streamMs;
  return Math.min(timeoutMs, streamMs);
}

function compileStreamDuration(limit: RouteAction_MaxStreamDuration | undefined, place: Place): number {
  if (limit === undefined) return 0;
  place.allow(RouteAction_MaxStreamDurationSchema, limit, new Set(['max_stream_duration']));
  const { maxStreamDuration } = limit;
  return maxStreamDuration === undefined
    ? 0
    : acceptDuration(maxStreamDuration, place.in('max_stream_duration'));
}

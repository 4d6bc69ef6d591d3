/**
 * What a listener allows each of its HTTP connections: the fields of Envoy's HttpConnectionManager, with its defaults and,
 * where Istio has another, Istio's. A duration of 0 is none.
 */
import { Fault } from './fault.ts';
import { MAX_HEAD_BYTES, MAX_HEAD_LINES, TARGET_SHARE } from './limits.ts';

export interface ServerLimits {
  /** `max_request_headers_kb`: 431 above. A target may take up half of it: 414. */
  readonly maxHeadBytes: number;
  /** `max_headers_count`: 431 above. */
  readonly maxHeadLines: number;
  /** Envoy's buffer filter, `max_request_bytes`: 413 above. 0 is no limit. */
  readonly maxBodyBytes: number;
  /** `request_headers_timeout`: from the first byte of a head to its last. */
  readonly headTimeoutMs: number;
  /** `request_timeout`: from the end of a head to the last byte of its body, or the first of the response. */
  readonly requestTimeoutMs: number;
  /** `idle_timeout`: without a request. */
  readonly idleMs: number;
  /** `stream_idle_timeout`: without a byte of a request, its response, or what it became. */
  readonly streamIdleMs: number;
  /** `max_stream_duration`: a request, its response, and what it becomes. */
  readonly maxStreamMs: number;
  /** `max_connection_duration`: then it ends with its next response. */
  readonly maxConnectionMs: number;
  /** `max_requests_per_connection`: it ends with the response to the last. 0 is no limit. */
  readonly maxRequests: number;
}

/** Less than for ever, which is Envoy's, for people typing into telnet; Istio's profile for gateways has the same. */
export const HEAD_TIMEOUT_MS = 60_000;

/** Envoy's `idle_timeout`. */
export const DOWNSTREAM_IDLE_MS = 3_600_000;

/** Envoy's `stream_idle_timeout`. */
export const STREAM_IDLE_MS = 300_000;

/**
 * Where streams may be quiet for ever, as in Istio, a client still may not hold one up for ever: one that owes bytes of its
 * body, or does not read its response, has this long without a byte.
 */
export const SLOW_CLIENT_MS = 300_000;

/** What a connection manager that says nothing has. */
export const ENVOY_LIMITS: ServerLimits = {
  maxHeadBytes: MAX_HEAD_BYTES,
  maxHeadLines: MAX_HEAD_LINES,
  maxBodyBytes: 0,
  headTimeoutMs: HEAD_TIMEOUT_MS,
  requestTimeoutMs: 0,
  idleMs: DOWNSTREAM_IDLE_MS,
  streamIdleMs: STREAM_IDLE_MS,
  maxStreamMs: 0,
  maxConnectionMs: 0,
  maxRequests: 0,
};

/** What the mesh's listeners have where nobody asks for anything else: Istio lets streams be quiet. */
export const MESH_LIMITS: ServerLimits = { ...ENVOY_LIMITS, streamIdleMs: 0 };

/** Equal limits are one object where they are the mesh's. */
export function sameAsMesh(limits: ServerLimits): ServerLimits {
  const keys = Object.keys(MESH_LIMITS) as (keyof ServerLimits)[];
  return keys.every((key) => limits[key] === MESH_LIMITS[key]) ? MESH_LIMITS : limits;
}

/** What a fault of size says, to stand after "the request"; undefined for other faults. */
export function excessInWords(fault: number, limits: ServerLimits): string | undefined {
  const { maxHeadBytes, maxHeadLines, maxBodyBytes } = limits;
  switch (fault) {
    case Fault.headTooLong:
      return `has a head above ${inKib(maxHeadBytes)} (max_request_headers_kb)`;
    case Fault.targetTooLong:
      return `has a target above ${inKib(TARGET_SHARE * maxHeadBytes)} (half of max_request_headers_kb)`;
    case Fault.tooManyLines:
      return `has more than ${maxHeadLines} header lines (max_headers_count)`;
    case Fault.bodyTooLong:
      return `has a body above ${maxBodyBytes} bytes (max_request_bytes)`;
    default:
      return undefined;
  }
}

function inKib(bytes: number): string {
  return `${bytes / 1024} KiB`;
}

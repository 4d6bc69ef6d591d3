/** What the header lines of a request say of the time that it may take. */
import type { Head } from './head.ts';
import { equalsToken, octets } from './octets.ts';

/** Milliseconds; Infinity where nothing is said. */
export interface TimeoutHeaders {
  /** What the caller has left, counted from the arrival of the head (`x-envoy-expected-rq-timeout-ms`, `grpc-timeout`). */
  readonly remainingMs: number;
  /** From the end of the request on (`x-envoy-upstream-rq-timeout-ms`). */
  readonly requestMs: number;
  /** Of each try (`x-envoy-upstream-rq-per-try-timeout-ms`). */
  readonly tryMs: number;
}

const NONE = Number.POSITIVE_INFINITY;
export const NO_TIMEOUT_HEADERS: TimeoutHeaders = { remainingMs: NONE, requestMs: NONE, tryMs: NONE };

const EXPECTED = octets('x-envoy-expected-rq-timeout-ms');
const REQUEST = octets('x-envoy-upstream-rq-timeout-ms');
const PER_TRY = octets('x-envoy-upstream-rq-per-try-timeout-ms');
const GRPC = octets('grpc-timeout');

/**
 * Reads the lines, and cuts those that are said anew to the upstream or, as in Envoy, meant for this proxy only. Values that
 * are no numbers say nothing. In the timeouts 0 means none, as in Envoy; a caller that has 0 left is late.
 */
export function readTimeoutHeaders(bytes: Buffer, head: Head): TimeoutHeaders {
  if (!head.timed) return NO_TIMEOUT_HEADERS;
  let remainingMs = NONE;
  let requestMs = NONE;
  let tryMs = NONE;
  for (let line = 0; line < head.lines; line++) {
    const start = head.nameStart[line]!;
    const end = head.nameEnd[line]!;
    if (equalsToken(bytes, start, end, GRPC)) {
      remainingMs = Math.min(remainingMs, grpcTimeoutMs(textOf(bytes, head, line)));
    } else if (equalsToken(bytes, start, end, EXPECTED)) {
      remainingMs = Math.min(remainingMs, milliseconds(textOf(bytes, head, line)));
      head.cut[line] = 1;
    } else if (equalsToken(bytes, start, end, REQUEST)) {
      requestMs = Math.min(requestMs, milliseconds(textOf(bytes, head, line)) || NONE);
      head.cut[line] = 1;
    } else if (equalsToken(bytes, start, end, PER_TRY)) {
      tryMs = Math.min(tryMs, milliseconds(textOf(bytes, head, line)) || NONE);
      head.cut[line] = 1;
    }
  }
  return { remainingMs, requestMs, tryMs };
}

function textOf(bytes: Buffer, head: Head, line: number): string {
  return bytes.toString('latin1', head.valueStart[line]!, head.valueEnd[line]!);
}

/** At most nine digits: more is no limit that anybody waits for. A negative rest is none left. */
function milliseconds(value: string): number {
  if (/^-\d{1,9}$/.test(value)) return 0;
  return /^\d{1,9}$/.test(value) ? Number(value) : NONE;
}

/** Of the units that gRPC over HTTP/2 names, in milliseconds. */
const GRPC_UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

function grpcTimeoutMs(value: string): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  return digits === undefined || unit === undefined ? NONE : Number(digits) * GRPC_UNITS[unit]!;
}

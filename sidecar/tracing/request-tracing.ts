/**
 * How the data path sees tracing. A listener that is traced has one `RequestTracing`; a request that is not recorded
 * costs a look at its header lines.
 */
import type { Head } from '#sidecar/http/head.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';

export interface RequestTracing {
  /**
   * Reads the context in the header lines (W3C Trace Context, B3) and decides whether the request is recorded: its parent
   * has decided already, or the share of sampled requests does. Cuts (`head.cut`) the lines that must not go on: all of
   * the context when it is recorded, since `RequestTrace.lines` stand in for them, and else those that are malformed.
   * A request that is left without a `traceparent` gets one of `AddedLines`, not sampled.
   */
  begin(bytes: Buffer, head: Head, nowMs: number): RequestTrace | undefined;
}

/** A request that is recorded. Every method is called at most as often as its name says, in any order, and never throws. */
export interface RequestTrace {
  readonly traceId: string;
  readonly spanId: string;
  /** Header lines, each with its CRLF, that name the span of the first try as the parent. */
  readonly lines: Buffer;
  /** Leaves lines out of names that a rule decides on. To be called before the lines are used. */
  yieldTo(governs: (name: string) => boolean): void;
  /** Writes the present try's span over the first one's in lines that stand in `out` at `at`. */
  stamp(out: Buffer, at: number): void;
  /** The same for a copy of the request, which is no try of it (a mirror): names the span here as the parent. */
  stampCopy(out: Buffer, at: number): void;
  tryBegan(endpoint: Endpoint, nowMs: number): void;
  /** `status` is 0 when none came; `flag` and `reason` say what was wrong with the try, if it was. */
  tryEnded(nowMs: number, status: number, flag: ResponseFlag, reason: string): void;
  /** What else happened on the way: `retry`, `fault.delay`, `fault.abort`, `ejected`, `deadline`, … */
  event(name: string, nowMs: number, attributes?: Readonly<Record<string, string | number>>): void;
  /** The request is over. Nothing is called after it. */
  end(record: RequestRecord, nowMs: number): void;
}

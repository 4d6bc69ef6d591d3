/** Observers that remember what they were told of requests and connections. */
import type { ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { ObservationSpec, Observers } from '#sidecar/telemetry/observers.ts';
import type { ConnectionRecord, RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import type { RequestTrace, RequestTracing } from '#sidecar/tracing/request-tracing.ts';
import { cutTraceparent } from './cut-traceparent.ts';

/** Names of a record's fields, with what they said when it was over. */
export type Told = Readonly<Record<string, unknown>>;

export interface ToldTry {
  readonly endpoint: string;
  ended: Told | undefined;
}

export interface ToldTrace {
  readonly tries: ToldTry[];
  readonly events: string[];
  ends: Told[];
}

export interface Watching extends Pick<Observers, 'tracing' | 'accessLog'> {
  readonly logged: Told[];
  readonly traces: ToldTrace[];
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const OBSERVATION: ObservationSpec = { tracing: undefined, accessLogs: [], stats: undefined };

/** The same target, watched by whoever watches. */
export function watched(target: ListenerTarget): ListenerTarget {
  return { ...target, observation: OBSERVATION, opaqueObservation: OBSERVATION };
}

/** Records every request; `traces` false: none. Span ids are the numbers of tries, and of the request's own span all nines. */
export function watching({ traces = true, logs = true } = {}): Watching {
  const logged: Told[] = [];
  const told: ToldTrace[] = [];
  const tracing: RequestTracing = {
    begin(bytes, head) {
      cutTraceparent(bytes, head);
      const trace: ToldTrace = { tries: [], events: [], ends: [] };
      told.push(trace);
      return remembering(trace);
    },
  };
  return {
    logged,
    traces: told,
    tracing: () => (traces ? tracing : undefined),
    accessLog: () => (logs ? { write: (record) => void logged.push(tell(record)) } : undefined),
  };
}

function remembering(trace: ToldTrace): RequestTrace {
  const name = (span: string): string => `traceparent: 00-${TRACE_ID}-${span}-01\r\n`;
  return {
    traceId: TRACE_ID,
    spanId: '9'.repeat(16),
    lines: Buffer.from(name('1'.repeat(16))),
    yieldTo: () => {},
    stamp: (out, at) => void out.write(name(String(trace.tries.length).repeat(16)), at, 'latin1'),
    stampCopy: (out, at) => void out.write(name('9'.repeat(16)), at, 'latin1'),
    tryBegan: ({ key }) => void trace.tries.push({ endpoint: key, ended: undefined }),
    tryEnded(_nowMs, status, flag, reason) {
      const last = trace.tries.at(-1);
      if (last === undefined || last.ended !== undefined) throw new Error('no try is under way');
      last.ended = { status, flag, reason };
    },
    event: (event) => void trace.events.push(event),
    end: (record) => void trace.ends.push(tell(record)),
  };
}

function tell(record: RequestRecord | ConnectionRecord): Told {
  const { kind, flag, reason, durationMs, startWallMs, downstreamRemote, downstreamLocal } = record;
  const { upstreamLocal, serverName, reporter } = record;
  const shared = {
    ...{ kind, flag, reason, durationMs, startWallMs, downstreamRemote, downstreamLocal, upstreamLocal },
    ...{ serverName, reporter, endpoint: record.endpoint?.key, cluster: record.cluster?.name },
  };
  if (record.kind === 'connection') {
    return { ...shared, sentBytes: record.sentBytes, receivedBytes: record.receivedBytes };
  }
  const { method, scheme, authority, path, protocol, status, details, route, tries } = record;
  const { requestBodyBytes, requestBytes, responseBodyBytes, responseBytes } = record;
  const { requestMs, firstByteMs, upstreamServiceMs, traceId, spanId, sampled } = record;
  return {
    ...shared,
    ...{ method, scheme, authority, path, protocol, status, details, route, tries },
    ...{ requestBodyBytes, requestBytes, responseBodyBytes, responseBytes },
    ...{ requestMs, firstByteMs, upstreamServiceMs, traceId, spanId, sampled },
    agent: record.requestHeader('user-agent'),
    requestId: record.requestHeader('x-request-id'),
    server: record.responseHeader('server'),
  };
}

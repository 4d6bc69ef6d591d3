/** OTLP over gRPC on Node's own HTTP/2: one connection, and at most one call on it. */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2';
import { connect, constants } from 'node:http2';
import type { Clock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { FrameReader, frame } from '#sidecar/discovery/grpc-frames.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { TracingSpec } from '../tracing-spec.ts';
import { type Collector, MAX_ANSWER_BYTES, UNTRACED, type Verdict, words } from './collector.ts';
import { openSocket } from './open-socket.ts';
import { rejectedIn } from './otlp-encoding.ts';
import { type Chosen, outcomeOf, pickCollector } from './pick-collector.ts';
import { retryInfoIn } from './retry-info.ts';

const METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** Statuses after which the same may be sent again (OTLP specification, "Failures"). */
const AGAIN: ReadonlySet<string> = new Set(['1', '4', '10', '11', '14', '15']);
/** Only when the collector says when. */
const RESOURCE_EXHAUSTED = '8';
/** HTTP statuses that gRPC takes for UNAVAILABLE. */
const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface CollectorSettings {
  readonly clusters: ClusterDirectory;
  readonly clock: Clock;
}

interface Open {
  readonly chosen: Chosen;
  readonly session: ClientHttp2Session;
}

export class GrpcCollector implements Collector {
  readonly #exporter: TracingSpec['exporter'];
  readonly #settings: CollectorSettings;
  #open: Open | undefined;

  constructor(exporter: TracingSpec['exporter'], settings: CollectorSettings) {
    this.#exporter = exporter;
    this.#settings = settings;
  }

  async send(request: readonly Uint8Array[]): Promise<Verdict> {
    const open = this.#connection();
    if (typeof open === 'string') return { kind: 'later', why: open };
    const { endpoint } = open.chosen;
    const { clock } = this.#settings;
    const startMs = endpoint.begin();
    const { verdict, heard } = await this.#call(open.session, request);
    if (!heard) this.close();
    endpoint.end(startMs, outcomeOf(verdict.kind, heard), clock.nowMs());
    return verdict;
  }

  close(): void {
    this.#open?.session.destroy();
    this.#open = undefined;
  }

  /** The present connection, if it goes on, or a new one to whoever is to be asked now. */
  #connection(): Open | string {
    const present = this.#open;
    if (present !== undefined) {
      const { session, chosen } = present;
      if (!session.closed && !session.destroyed && chosen.endpoint.removed !== true) return present;
      this.close();
    }
    const chosen = pickCollector(this.#settings.clusters, this.#exporter.cluster);
    if (typeof chosen === 'string') return chosen;
    try {
      const session = connect('http://collector', { createConnection: () => openSocket(chosen, 'h2') });
      session.on('error', () => {});
      session.unref();
      this.#open = { chosen, session };
      return this.#open;
    } catch (error) {
      return words(messageOf(error));
    }
  }

  /** `heard`: the collector answered, so that its connection is good. */
  #call(
    session: ClientHttp2Session,
    request: readonly Uint8Array[],
  ): Promise<{ verdict: Verdict; heard: boolean }> {
    const { authority, headers, timeoutMs } = this.#exporter;
    return new Promise((resolve) => {
      const timer = this.#settings.clock.after(timeoutMs, () => lost('it did not answer in time'));
      const done = (verdict: Verdict, heard: boolean): void => {
        timer.cancel();
        session.off('error', onError);
        resolve({ verdict, heard });
      };
      const lost = (why: string): void => done({ kind: 'later', why }, false);
      const onError = (error: Error): void => lost(words(messageOf(error)));
      session.on('error', onError);
      try {
        const stream = session.request({
          ':method': 'POST',
          ':path': METHOD,
          ':authority': authority,
          'content-type': 'application/grpc',
          'user-agent': 'weft-sidecar',
          te: 'trailers',
          'grpc-timeout': `${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`,
          ...UNTRACED,
          ...Object.fromEntries(headers),
        });
        listen(stream, (verdict) => done(verdict, true), lost);
        stream.end(frame(Buffer.concat(request)));
      } catch (error) {
        lost(words(messageOf(error)));
      }
    });
  }
}

/** Ends in one of both, and in whichever comes first. */
function listen(
  stream: ClientHttp2Stream,
  answered: (verdict: Verdict) => void,
  lost: (why: string) => void,
): void {
  const frames = new FrameReader(MAX_ANSWER_BYTES);
  let rejected = 0;
  let head: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (fields) => {
    head = fields;
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (piece: Buffer) => {
    try {
      for (const message of frames.take(piece)) rejected = rejectedIn(message);
    } catch (error) {
      stream.close(constants.NGHTTP2_CANCEL);
      answered({ kind: 'refused', why: words(messageOf(error)) });
    }
  });
  stream.on('error', (error) => lost(words(messageOf(error))));
  stream.on('close', () => {
    if (head[':status'] === undefined) lost('the stream was closed');
    else answered(verdictOf({ ...head, ...trailers }, rejected));
  });
}

/** What the head and the trailers of an answer say. */
export function verdictOf(fields: IncomingHttpHeaders & IncomingHttpStatusHeader, rejected: number): Verdict {
  const http = fields[':status'] ?? 0;
  const code = fields['grpc-status'];
  if (code === '0') return { kind: 'accepted', rejected };
  if (code === undefined) {
    const why = http === 200 ? 'its answer has no status' : `HTTP status ${http}`;
    const kind = http === 200 || UNAVAILABLE.has(http) ? 'later' : 'refused';
    return { kind, why };
  }
  const why = words(`gRPC status ${String(code)}: ${String(fields['grpc-message'] ?? '')}`);
  const details = fields['grpc-status-details-bin'];
  const afterMs = details === undefined ? undefined : retryInfoIn(String(details));
  if (AGAIN.has(String(code))) return { kind: 'later', why, afterMs };
  if (code === RESOURCE_EXHAUSTED && afterMs !== undefined) return { kind: 'later', why, afterMs };
  return { kind: 'refused', why };
}

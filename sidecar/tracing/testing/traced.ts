/** A listener's tracing without sockets: header lines in, header lines out, and the spans that were made. */
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type Random, seededRandom } from '#api/foundation/random.ts';
import { Head } from '#sidecar/http/head.ts';
import { scanRequest } from '#sidecar/http/scan-request.ts';
import { IdSource } from '../hex-ids.ts';
import { ListenerTracing } from '../listener-tracing.ts';
import type { ProxyIdentity } from '../proxy-identity.ts';
import type { RequestTrace } from '../request-tracing.ts';
import type { Span } from '../span.ts';
import type { TracingSpec } from '../tracing-spec.ts';
import { WallTime } from '../wall-time.ts';

export const PROXY: ProxyIdentity = {
  nodeId: 'sidecar~10.0.0.7~client-1.shop~shop.svc.cluster.local',
  pod: 'client-1',
  namespace: 'shop',
  canonicalRevision: 'v2',
};

export function specOf(changes: Partial<TracingSpec> = {}): TracingSpec {
  return {
    key: 'test',
    share: 1_000_000,
    clientShare: 1_000_000,
    trySpans: true,
    exporter: {
      protocol: 'grpc',
      cluster: 'outbound|4317||collector.test',
      path: '',
      authority: 'collector.test',
      timeoutMs: 1_000,
      headers: [],
    },
    serviceName: 'client.shop',
    maxPathLength: 256,
    customTags: [],
    ...changes,
  };
}

/** What went out, and what records the request. */
export interface Outcome {
  readonly trace: RequestTrace | undefined;
  /** `NAME: VALUE`, as they came but for what was cut, then those of the trace. */
  readonly lines: readonly string[];
  /** The head whose line stands in for a traceparent, so that none is added. */
  readonly hasContext: boolean;
}

export class Traced {
  readonly spans: Span[] = [];
  dropped = 0;
  /** Of the queue. */
  room = true;
  readonly clock: ManualClock;
  readonly tracing: ListenerTracing;

  constructor(
    changes: Partial<TracingSpec> = {},
    random: Random = seededRandom(7),
    environment: Readonly<Record<string, string | undefined>> = {},
    clock: ManualClock = new ManualClock(),
  ) {
    this.clock = clock;
    const bits = seededRandom(11);
    const ids = new IdSource((bytes) => Buffer.from(Array.from({ length: bytes }, () => bits() * 256)));
    const recording = {
      spec: specOf(changes),
      proxy: PROXY,
      environment,
      sink: {
        admit: (count: number) => {
          if (this.room) return true;
          this.dropped += count;
          return false;
        },
        add: (span: Span) => this.spans.push(span),
        dropped: (count: number) => {
          this.dropped += count;
        },
      },
      wallTime: new WallTime(this.clock),
      newSpanId: () => ids.span(),
    };
    this.tracing = new ListenerTracing(recording, ids, random);
  }

  /** Header lines without their CRLF; the text stands for octets. */
  request(lines: readonly string[]): Outcome {
    const text = ['GET /x HTTP/1.1', 'host: app.test', ...lines, '', ''].join('\r\n');
    const bytes = Buffer.from(text, 'latin1');
    const head = new Head();
    if (scanRequest(bytes, 0, bytes.length, head) <= 0) throw new Error(`not a request: ${text}`);
    const trace = this.tracing.begin(bytes, head, this.clock.nowMs());
    const kept: string[] = [];
    for (let line = 0; line < head.lines; line++) {
      if (head.cut[line] === 1) continue;
      const name = bytes.toString('latin1', head.nameStart[line], head.nameEnd[line]);
      kept.push(`${name}: ${bytes.toString('latin1', head.valueStart[line], head.valueEnd[line])}`);
    }
    const own = trace?.lines.toString('latin1').split('\r\n').slice(0, -1) ?? [];
    const hasContext = head.traceparent >= 0 && head.cut[head.traceparent] === 0;
    return { trace, lines: [...kept, ...own], hasContext };
  }
}

/** The values of the lines of that name, whatever its case. */
export function valuesOf(lines: readonly string[], name: string): string[] {
  return lines
    .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name)
    .map((line) => line.slice(line.indexOf(':') + 2));
}

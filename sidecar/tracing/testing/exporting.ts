import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { FakeCluster, FakeEndpoint } from '#sidecar/http/testing/fakes.ts';
import { openWay } from '../export/open-way.ts';
import { SpanExporter } from '../export/span-exporter.ts';
import type { Span } from '../span.ts';
import type { TracingSpec } from '../tracing-spec.ts';
import { PROXY, specOf } from './traced.ts';

export function spanOf(index = 0, changes: Partial<Span> = {}): Span {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: (index + 1).toString(16).padStart(16, '0'),
    parentSpanId: 'b7ad6b7169203331',
    parentIsRemote: true,
    tracestate: 'congo=t61rcWkgMzE',
    flags: 1,
    name: 'app.test:80/*',
    kind: 'client',
    startMs: 1_700_000_000_000.25,
    endMs: 1_700_000_000_012.75,
    attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
    events: [{ name: 'retry', atMs: 1_700_000_000_001.5, attributes: { attempt: 2 } }],
    droppedEvents: 3,
    failed: false,
    message: '',
    ...changes,
  };
}

/** An exporter to whoever listens on the ports, on a clock that a test moves. */
export class Exporting {
  readonly clock = new ManualClock();
  readonly endpoints: FakeEndpoint[];
  readonly cluster: FakeCluster;
  readonly exporter: SpanExporter;

  constructor(
    protocol: 'grpc' | 'http',
    ports: readonly number[],
    changes: Partial<TracingSpec['exporter']> = {},
  ) {
    this.endpoints = ports.map((port) => new FakeEndpoint(port));
    this.cluster = new FakeCluster(...this.endpoints);
    const exporter = { ...specOf().exporter, protocol, path: '/v1/traces', ...changes };
    const clusters = { get: (name: string) => (name === exporter.cluster ? this.cluster : undefined) };
    const { clock } = this;
    this.exporter = new SpanExporter({
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      open: async () => openWay(specOf({ exporter }), PROXY, { clusters, clock }),
    });
  }

  add(count: number): void {
    for (let i = 0; i < count; i++) this.exporter.add(spanOf(i));
  }

  /** Lets time pass, and what it sets off begin, until `done`. */
  async until(done: () => boolean, stepMs = 0): Promise<void> {
    for (let turns = 0; !done(); turns++) {
      if (turns > 20_000) throw new Error('it does not come to that');
      this.clock.advance(stepMs);
      await setImmediate();
    }
  }
}

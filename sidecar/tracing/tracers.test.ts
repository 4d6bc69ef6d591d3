import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type LogFields, silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { Head } from '#sidecar/http/head.ts';
import { scanRequest } from '#sidecar/http/scan-request.ts';
import { FakeCluster, FakeEndpoint } from '#sidecar/http/testing/fakes.ts';
import { CLOSE_WITHIN_MS } from './export/span-exporter.ts';
import { attributesOf, spansOf, startGrpcReceiver } from './testing/collectors.ts';
import { recordOf } from './testing/records.ts';
import { PROXY, specOf } from './testing/traced.ts';
import { Tracers } from './tracers.ts';
import type { TracingSpec } from './tracing-spec.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function tracersTo(cluster: FakeCluster | undefined, warned: (fields?: LogFields) => void = () => {}) {
  const clock = new ManualClock();
  const logger = { ...silentLogger, warn: (_message: string, fields?: LogFields) => warned(fields) };
  const tracers = new Tracers({
    clusters: { get: () => cluster },
    clock,
    random: seededRandom(1),
    logger: { ...logger, with: () => logger },
    proxy: PROXY,
    environment: {},
  });
  return { tracers, clock };
}

function send(tracers: Tracers, spec: TracingSpec): void {
  const bytes = Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const head = new Head();
  scanRequest(bytes, 0, bytes.length, head);
  tracers.of(spec, 'source').begin(bytes, head, 0)?.end(recordOf(), 1);
}

test('equal specs share their tracing, and collectors their queue', async () => {
  const receiver = await startGrpcReceiver();
  cleanups.push(() => receiver[Symbol.asyncDispose]());
  const { tracers } = tracersTo(new FakeCluster(new FakeEndpoint(receiver.port)));
  const [one, other] = [specOf({ key: 'a' }), specOf({ key: 'b', maxPathLength: 3 })];
  expect(tracers.of(one, 'source')).toBe(tracers.of(specOf({ key: 'a' }), 'source'));
  expect(tracers.of(one, 'source')).not.toBe(tracers.of(one, 'destination'));
  expect(tracers.of(one, 'source')).not.toBe(tracers.of(other, 'source'));
  send(tracers, one);
  send(tracers, other);
  expect(tracers.expose()).toContain(
    'weft_sidecar_spans_queued{collector="outbound|4317||collector.test"} 2\n',
  );
  await tracers.close();
  expect(receiver.received).toHaveLength(1);
  expect(spansOf(receiver.received).map((span) => attributesOf(span)['url.path'])).toEqual(['/x', '/x']);
  expect(tracers.expose()).toMatch(/^weft_sidecar_spans_exported_total\{.*\} 2$/m);
});

test('nothing is told, and nothing is loaded, before something is traced', async () => {
  const { tracers } = tracersTo(undefined);
  expect(tracers.expose()).toBe('');
  await tracers.close();
});

test('without a collector spans are dropped, counted and told of once', async () => {
  const told: (LogFields | undefined)[] = [];
  const { tracers, clock } = tracersTo(undefined, (fields) => told.push(fields));
  for (let batch = 1; batch <= 2; batch++) {
    send(tracers, specOf());
    while (!tracers.expose().includes(`reason="unavailable"} ${batch}\n`)) {
      clock.advance(500);
      await setImmediate();
    }
  }
  expect(told).toEqual([{ reason: 'there is no cluster outbound|4317||collector.test' }]);
  await tracers.close();
});

test('closing waits for no collector that is not there', async () => {
  const { tracers, clock } = tracersTo(undefined);
  send(tracers, specOf());
  const closing = tracers.close();
  clock.advance(CLOSE_WITHIN_MS);
  await closing;
  expect(tracers.expose()).toMatch(
    /^weft_sidecar_spans_dropped_total\{.*reason="(?:closed|unavailable)"\} 1$/m,
  );
});

test('traces of two programs do not share identifiers', () => {
  const ids = [1, 2].map(() => {
    const { tracers } = tracersTo(undefined);
    const bytes = Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const head = new Head();
    scanRequest(bytes, 0, bytes.length, head);
    return tracers.of(specOf(), 'source').begin(bytes, head, 0)?.traceId;
  });
  expect(ids[0]).not.toBe(ids[1]);
});

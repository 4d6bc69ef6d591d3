import { describe, expect, test } from 'vitest';
import type { OwnedSpan, Tag } from '../model/span.ts';
import { readSpans } from '../otlp/read-spans.ts';
import { type Hop, PAGE, requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import { type Query, search } from './search.ts';
import { type StoreLimits, TraceStore } from './trace-store.ts';

const LIMITS = {
  storeBytes: 1 << 30,
  fairBytes: 1 << 30,
  spansPerTrace: 200,
  bytesPerTrace: 1 << 30,
  spansPerPart: 100,
  bytesPerPart: 1 << 30,
  services: 10,
  operationsPerService: 10,
};
const START_MS = 1_700_000_000_000;

function fill(store: TraceStore, trace: number, hops: readonly Hop[] = PAGE, sender = '10.244.0.5'): void {
  const { spans } = readSpans(requestOf(trace, START_MS + trace * 1_000, hops));
  for (const span of spans) store.add(span, sender);
}

const has = (store: TraceStore, trace: number): boolean => store.get(traceIdFor(trace)) !== undefined;
/** A span with so much text, and made by somebody of so much. */
function long(id: number, characters: number, ofOrigin = 0): OwnedSpan {
  const [{ span, origin } = { span: undefined, origin: undefined }] = readSpans(requestOf(1, START_MS)).spans;
  const text = (length: number): Tag => ({ key: 'text', value: `${id}`.padEnd(length, 'x') });
  return {
    span: { ...span!, spanId: id.toString(16).padStart(16, '0'), tags: [text(characters)] },
    origin: { ...origin!, tags: ofOrigin === 0 ? [] : [text(ofOrigin)] },
  };
}

describe('a store of traces', () => {
  test('gives back what it was given', () => {
    const store = new TraceStore(LIMITS);
    fill(store, 1);
    const given = readSpans(requestOf(1, START_MS + 1_000)).spans;
    expect(store.get(traceIdFor(1))).toEqual({ traceId: traceIdFor(1), spans: given, refused: 0 });
    expect(store.get(traceIdFor(2))).toBeUndefined();
  });

  test('drops the oldest traces, whole and counted, to keep within its bytes', () => {
    const store = new TraceStore({ ...LIMITS, storeBytes: 100_000 });
    for (let trace = 1; trace <= 50; trace++) {
      fill(store, trace);
      expect(store.counts.bytes).toBeLessThanOrEqual(100_000 + 20_000); // The newest is never cut.
    }
    const { traces, spans, tracesDropped, spansDropped } = store.counts;
    expect(traces).toBeGreaterThan(0);
    expect(traces + tracesDropped).toBe(50);
    expect(spans + spansDropped).toBe(50 * PAGE.length);
    expect(store.get(traceIdFor(tracesDropped))).toBeUndefined();
    expect(store.get(traceIdFor(tracesDropped + 1))?.spans).toHaveLength(PAGE.length);
  });

  test('accounts for nothing once all is gone', () => {
    const store = new TraceStore({ ...LIMITS, storeBytes: 1 });
    for (let trace = 1; trace <= 3; trace++) fill(store, trace);
    const alone = new TraceStore(LIMITS);
    fill(alone, 3);
    expect(store.counts.bytes).toBe(alone.counts.bytes);
    expect(store.services()).toEqual(alone.services());
  });

  test('counts in one object, which metrics hold', () => {
    const store = new TraceStore(LIMITS);
    const { counts } = store;
    fill(store, 1);
    expect(counts).toMatchObject({ traces: 1, spans: PAGE.length });
    expect(counts.bytes).toBeGreaterThan(0);
  });

  test('takes a span that is sent again for the same', () => {
    const store = new TraceStore(LIMITS);
    fill(store, 1);
    const { bytes } = store.counts;
    fill(store, 1);
    expect(store.counts).toMatchObject({ spans: PAGE.length, traces: 1, bytes });
  });

  test.each<[string, Partial<StoreLimits>, number]>([
    ['spans of one sender', { spansPerPart: 4 }, 4],
    ['spans of all', { spansPerTrace: 4 }, 4],
    ['bytes of one sender', { bytesPerPart: 5_000 }, 4],
    ['bytes of all', { bytesPerTrace: 5_000 }, 4],
  ])('keeps one trace from being all that there is, and says so: %s', (_what, limits, most) => {
    const store = new TraceStore({ ...LIMITS, ...limits });
    fill(store, 1);
    const { spans, spansRefused } = store.counts;
    expect(spans).toBeGreaterThan(0);
    expect(spans).toBeLessThanOrEqual(most);
    expect(spansRefused).toBe(PAGE.length - spans);
    expect(store.get(traceIdFor(1))?.refused).toBe(spansRefused);
  });

  test('has room in a trace for others than the one that fills it', () => {
    const store = new TraceStore({ ...LIMITS, spansPerPart: 4 });
    fill(store, 1);
    fill(store, 1, PAGE.slice(-2), '10.244.0.6');
    expect(store.counts.spans).toBe(6);
  });

  test('lets nobody take away what another one sent', () => {
    const store = new TraceStore(LIMITS);
    fill(store, 1);
    fill(store, 1, [{ ...PAGE[0]!, name: 'another' }], '10.244.0.6');
    const names = store.get(traceIdFor(1))?.spans.map(({ span }) => span.name);
    expect(names).toHaveLength(PAGE.length + 1);
    expect(names).toContain('GET /productpage');
  });

  test('lets a flood carry off its own', () => {
    const store = new TraceStore({ ...LIMITS, storeBytes: 400_000, fairBytes: 40_000 });
    for (let trace = 1; trace <= 5; trace++) fill(store, trace);
    for (let trace = 1_000; trace < 2_000; trace++) fill(store, trace, PAGE, '10.244.0.66');
    expect([1, 2, 3, 4, 5].every((trace) => has(store, trace))).toBe(true);
    expect([has(store, 1_000), has(store, 1_999)]).toEqual([false, true]);
    expect(store.counts.bytes).toBeLessThanOrEqual(400_000);
  });

  test('counts what a flood says of itself for its own', () => {
    const store = new TraceStore({
      ...LIMITS,
      storeBytes: 400_000,
      fairBytes: 40_000,
      bytesPerPart: 100_000,
    });
    fill(store, 2);
    for (let id = 1; id <= 500; id++) store.add(long(id, 1, 10_000), '10.244.0.66');
    expect(has(store, 2)).toBe(true);
    expect(store.counts.bytes).toBeLessThanOrEqual(400_000);
  });

  test('lets the oldest go where nobody has much, whoever sent it', () => {
    const store = new TraceStore({ ...LIMITS, storeBytes: 200_000, fairBytes: 100_000 });
    for (let trace = 1; trace <= 50; trace++) fill(store, trace, PAGE, `10.244.0.${trace}`);
    expect(has(store, 1)).toBe(false);
    expect(has(store, 50)).toBe(true);
  });

  test('lists services and operations of what is kept, of each sender as many as are allowed', () => {
    const store = new TraceStore({ ...LIMITS, services: 2, operationsPerService: 1 });
    fill(store, 1);
    expect(store.services()).toEqual(['details.default', 'productpage.default']);
    expect(store.operations('productpage.default')).toEqual([{ name: 'GET /productpage', kind: 'server' }]);
    expect(store.operations('nobody')).toEqual([]);
    fill(store, 2, PAGE.slice(-1), '10.244.0.6');
    expect(store.services()).toContain('ratings.default');
  });
});

describe('a search', () => {
  const store = new TraceStore(LIMITS);
  fill(store, 1);
  fill(
    store,
    2,
    PAGE.filter(({ id }) => id <= 4),
  );
  fill(
    store,
    3,
    PAGE.map((hop) => ({ ...hop, took: hop.took * 100, service: hop.service.replace('v1', 'v2') })),
  );
  const base: Query = { tags: [], errorsOnly: false, limit: 10 };

  test.each<[string, Partial<Query>, number[]]>([
    ['everything, newest first', {}, [3, 2, 1]],
    ['as many as are asked for', { limit: 2 }, [3, 2]],
    ['a service', { service: 'ratings.default' }, [3, 1]],
    ['a service that is not there', { service: 'nobody' }, []],
    ['an operation of a service', { service: 'reviews.default', operation: 'try' }, [3, 1]],
    ['an operation of another service', { service: 'ratings.default', operation: 'try' }, []],
    ['spans that took long', { leastUs: 1_000_000 }, [3]],
    [
      'spans that took short',
      { service: 'productpage.default', operation: 'GET /productpage', mostUs: 50_000 },
      [2, 1],
    ],
    ['errors', { errorsOnly: true }, [3, 1]],
    ['errors of a service without', { errorsOnly: true, service: 'details.default' }, []],
    ['a tag of a span', { tags: [{ key: 'response_flags', value: 'UC' }] }, [3, 1]],
    ['a number as text', { tags: [{ key: 'http.response.status_code', value: '503' }] }, [3, 1]],
    ['a tag of an event', { tags: [{ key: 'retry.reason', value: '5xx' }] }, [3, 1]],
    ['a tag of who made it', { tags: [{ key: 'k8s.namespace.name', value: 'default' }], limit: 1 }, [3]],
    [
      'two tags, which no single span has',
      {
        tags: [
          { key: 'retry.reason', value: '5xx' },
          { key: 'response_flags', value: 'UC' },
        ],
      },
      [],
    ],
    ['from a time', { fromUs: (START_MS + 2_000) * 1_000 }, [3, 2]],
    ['until a time', { untilUs: (START_MS + 2_000) * 1_000 }, [2, 1]],
  ])('for %s', (_what, query, expected) => {
    const found = search(store.traces(), { ...base, ...query });
    expect(found.map(({ traceId }) => traceId)).toEqual(expected.map(traceIdFor));
  });
});

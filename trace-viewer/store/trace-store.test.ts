import { describe, expect, test } from 'vitest';
import { readSpans } from '../otlp/read-spans.ts';
import { type Hop, PAGE, requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import { type Query, search } from './search.ts';
import { TraceStore } from './trace-store.ts';

const LIMITS = { storeBytes: 1 << 30, spansPerTrace: 100, services: 10, operationsPerService: 10 };
const START_MS = 1_700_000_000_000;

function fill(store: TraceStore, trace: number, hops: readonly Hop[] = PAGE): void {
  for (const span of readSpans(requestOf(trace, START_MS + trace * 1_000, hops)).spans) store.add(span);
}

describe('a store of traces', () => {
  test('gives back what it was given', () => {
    const store = new TraceStore(LIMITS);
    fill(store, 1);
    const given = readSpans(requestOf(1, START_MS + 1_000)).spans;
    expect(store.get(traceIdFor(1))).toEqual({ traceId: traceIdFor(1), spans: given });
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
    expect(store.catalogue.services()).toEqual(alone.catalogue.services());
  });

  test('takes a span that is sent again for the same', () => {
    const store = new TraceStore(LIMITS);
    fill(store, 1);
    const { bytes } = store.counts;
    fill(store, 1);
    expect(store.counts).toMatchObject({ spans: PAGE.length, traces: 1, bytes });
  });

  test('keeps one trace from being all that there is', () => {
    const store = new TraceStore({ ...LIMITS, spansPerTrace: 4 });
    fill(store, 1);
    expect(store.counts).toMatchObject({ spans: 4, spansRefused: PAGE.length - 4 });
  });

  test('lists services and operations of what is kept, as many as are allowed', () => {
    const store = new TraceStore({ ...LIMITS, services: 2, operationsPerService: 1 });
    fill(store, 1);
    expect(store.catalogue.services()).toEqual(['details.default', 'productpage.default']);
    expect(store.catalogue.operations('productpage.default')).toEqual(['GET /productpage']);
    expect(store.catalogue.operations('nobody')).toEqual([]);
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

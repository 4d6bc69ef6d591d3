import { describe, expect, test } from 'vitest';
import { LIMITS } from '../limits.ts';
import { readSpans } from '../otlp/read-spans.ts';
import { TraceStore } from '../store/trace-store.ts';
import { requestOf, traceIdFor } from '../testing/page-of-bookinfo.ts';
import { answerQuery, textOf, traceIdOf } from './query-api.ts';
import { readQuery } from './read-query.ts';
import type { JaegerTrace } from './shapes.ts';

const NOW_US = 1_700_000_100_000_000;
const store = new TraceStore(LIMITS);
for (const trace of [0xa1, 0xa2])
  for (const span of readSpans(requestOf(trace, NOW_US / 1_000 - 60_000)).spans)
    store.add(span, '10.244.0.5');

function ask(path: string) {
  const url = new URL(path, 'http://viewer');
  return answerQuery(store, url.pathname, url.searchParams, NOW_US);
}
/** As it is sent. */
function answerTo(path: string): { data: unknown[]; total: number; errors: unknown } {
  const text = textOf(ask(path)!.body);
  return JSON.parse(typeof text === 'string' ? text : [...text].join(''));
}
const dataOf = (path: string): unknown[] => answerTo(path).data;

describe('Jaeger’s query API', () => {
  test('lists services and operations', () => {
    expect(dataOf('/api/services')).toEqual([
      'details.default',
      'productpage.default',
      'ratings.default',
      'reviews.default',
    ]);
    expect(dataOf('/api/services/ratings.default/operations')).toEqual(['GET /ratings/0']);
    expect(dataOf('/api/operations?service=ratings.default')).toEqual([
      { name: 'GET /ratings/0', spanKind: 'server' },
    ]);
    const ofReviews = '/api/operations?service=reviews.default&spanKind=';
    expect(dataOf(`${ofReviews}client`)).toEqual([
      { name: 'GET ratings.default', spanKind: 'client' },
      { name: 'try', spanKind: 'client' },
    ]);
    expect(dataOf(`${ofReviews}consumer`)).toEqual([]);
  });

  test('has a trace in Jaeger’s shape', () => {
    const [trace] = dataOf('/api/traces/a1') as JaegerTrace[];
    const span = trace?.spans.find(({ spanID }) => spanID === '0000000000000009');
    expect(trace?.traceID).toBe(traceIdFor(0xa1));
    expect(trace?.processes[span!.processID]?.serviceName).toBe('reviews.default');
    expect(span).toMatchObject({
      operationName: 'try',
      references: [{ refType: 'CHILD_OF', traceID: traceIdFor(0xa1), spanID: '0000000000000008' }],
      startTime: NOW_US - 60_000_000 + 15_300,
      duration: 6_400,
      warnings: null,
    });
    expect(span?.tags).toContainEqual({ key: 'http.response.status_code', type: 'int64', value: 503 });
    expect(span?.tags).toContainEqual({ key: 'span.kind', type: 'string', value: 'client' });
    expect(span?.tags).toContainEqual({ key: 'error', type: 'bool', value: true });
    const retried = trace?.spans.find(({ spanID }) => spanID === '0000000000000008');
    expect(retried?.logs[0]?.fields).toContainEqual({ key: 'event', type: 'string', value: 'retry' });
  });

  test.each([
    ['/api/traces?service=ratings.default&lookback=1h', 2],
    ['/api/traces?service=ratings.default&lookback=30s', 0],
    ['/api/traces?service=ratings.default&limit=1', 1],
    [`/api/traces?start=${NOW_US - 1_000}&end=${NOW_US}&service=ratings.default`, 0],
    ['/api/traces?service=reviews.default&tags=%7B%22response_flags%22%3A%22UC%22%7D', 2],
    ['/api/traces?service=reviews.default&tag=response_flags:UH', 0],
    ['/api/traces?traceID=a1&traceID=ffff', 1],
    ['/api/traces/ffff', 0],
    [`/api/dependencies?endTs=${NOW_US / 1_000}&lookback=3600000`, 3],
    [`/api/dependencies?endTs=${NOW_US / 1_000}&lookback=1000`, 0],
  ])('%s finds %i', (path, count) => {
    expect(dataOf(path)).toHaveLength(count);
  });

  test('sends traces one at a time, in an envelope that says how many', () => {
    const body = ask('/api/traces?service=ratings.default')!.body;
    expect([...(textOf(body) as Iterable<string>)]).toHaveLength(3);
    expect(answerTo('/api/traces?service=ratings.default')).toMatchObject({ total: 2, errors: null });
    expect(answerTo('/api/traces?service=nobody')).toMatchObject({ total: 0, data: [], errors: null });
  });

  test('says that a trace is not there, and nothing to other paths', () => {
    expect(ask('/api/traces/ffff')).toMatchObject({ status: 404, body: { errors: [{ code: 404 }] } });
    expect(ask('/api/secrets')).toBeUndefined();
  });

  test('counts the calls between services', () => {
    expect(dataOf('/api/dependencies?endTs=1700000100000')).toContainEqual({
      parent: 'productpage.default',
      child: 'reviews.default',
      callCount: 2,
    });
  });

  test.each([
    ['ABCDEF', `${'0'.repeat(26)}abcdef`],
    ['g', undefined],
    ['', undefined],
    ['0'.repeat(33), undefined],
  ])('reads the trace id %j', (text, expected) => expect(traceIdOf(text)).toBe(expected));
});

describe('a question in a URL', () => {
  const read = (text: string) => readQuery(new URLSearchParams(text), NOW_US);

  test.each([
    ['minDuration=12ms', { leastUs: 12_000 }],
    ['maxDuration=1.5s', { mostUs: 1_500_000 }],
    ['minDuration=1m30s', { leastUs: 90_000_000 }],
    ['minDuration=250us&maxDuration=', { leastUs: 250, mostUs: undefined }],
    ['lookback=1h', { fromUs: NOW_US - 3_600_000_000 }],
    ['lookback=custom&start=5', { fromUs: 5 }],
    ['limit=99999999', { limit: 500 }],
    ['', { limit: 20, errorsOnly: false, tags: [], service: undefined }],
    [
      'tags=a=1 b="two words"',
      {
        tags: [
          { key: 'a', value: '1' },
          { key: 'b', value: 'two words' },
        ],
      },
    ],
    [
      'tags={"a":1,"b":true}',
      {
        tags: [
          { key: 'a', value: '1' },
          { key: 'b', value: 'true' },
        ],
      },
    ],
    ['tag=a:b:c', { tags: [{ key: 'a', value: 'b:c' }] }],
  ])('%s', (text, expected) => expect(read(text)).toMatchObject(expected));

  test.each([
    ['minDuration=12', /minDuration is a duration/],
    ['maxDuration=ms', /maxDuration is a duration/],
    ['minDuration=-5ms', /minDuration is a duration/],
    ['lookback=yesterday', /lookback is a duration/],
    ['limit=0', /limit is a number above 0/],
    ['limit=many', /limit is a number/],
    ['start=now', /start is a time/],
    ['tags={', /tags is no JSON/],
    ['tags=word', /tags has words as key=value/],
    ['tag=word', /tag is key:value/],
  ])('%s is refused', (text, reason) => expect(() => read(text)).toThrow(reason));
});

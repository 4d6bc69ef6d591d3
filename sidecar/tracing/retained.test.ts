/** What spans hold on to while they wait for a collector that is away. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { recordOf } from './testing/records.ts';
import { Traced } from './testing/traced.ts';

const REQUESTS = 200;
const LONG = 60 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A text of its own each time, as heads that come over a wire are. */
function long(start: string, end = ''): string {
  return Buffer.from(start + 'x'.repeat(LONG) + end).toString('latin1');
}

type Told = readonly [changes: Partial<RequestRecord>, headers?: Record<string, string>, lines?: string[]];

test.each<[string, () => Told]>([
  ['a value that is longer than spans tell', () => [{}, { 'user-agent': long('agent') }]],
  ['a path', () => [{ path: long('/') }]],
  ['a path with a long query', () => [{ path: long('/a/path/that/is/short?q=') }]],
  ['a query behind a long path', () => [{ path: long('/', '?a_query=of_some_length') }]],
  ['a host with a port', () => [{ authority: long('host', ':8080') }]],
  [
    'the first of many addresses',
    () => [{ reporter: 'destination' }, { 'x-forwarded-for': long('2001:db8:0:1:2:3:4:5, ') }],
  ],
  ['a custom tag', () => [{}, { 'x-tag': long('tag') }]],
])('%s does not keep all of its head', (_what, told) => {
  const traced = new Traced({ customTags: [{ name: 'tag', from: 'header', header: 'x-tag', fallback: '' }] });
  const before = heapUsed();
  for (let i = 0; i < REQUESTS; i++) {
    const [changes, headers] = told();
    traced.request([]).trace!.end(recordOf(changes, headers), 1);
  }
  const perSpan = (heapUsed() - before) / traced.spans.length;
  expect(traced.spans).toHaveLength(REQUESTS);
  expect(perSpan).toBeLessThan(LONG / 2);
});

test('a tracestate that was shortened does not keep all of its lines', () => {
  const traced = new Traced();
  const traceparent = 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const members = Array.from({ length: 31 }, (_, i) => `k${i}=${'v'.repeat(250)}`);
  const before = heapUsed();
  for (let i = 0; i < 1000; i++) {
    traced
      .request([traceparent, `tracestate: short=0123456789abcdef,${members.join()}`])
      .trace!.end(recordOf(), 1);
  }
  const perSpan = (heapUsed() - before) / traced.spans.length;
  expect(traced.spans[0]?.tracestate).toBe('short=0123456789abcdef');
  expect(perSpan).toBeLessThan(6 * 1024);
});

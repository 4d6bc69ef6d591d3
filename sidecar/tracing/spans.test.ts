/** What spans say of requests that are over. */
import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { MAX_EVENTS, MAX_TRY_SPANS } from './bounded.ts';
import type { Span } from './span.ts';
import { CLUSTER, ENDPOINT, recordOf } from './testing/records.ts';
import { PROXY, Traced } from './testing/traced.ts';
import type { TracingSpec } from './tracing-spec.ts';

/** The span of one request, without tries. */
function spanFor(record: RequestRecord, spec: Partial<TracingSpec> = {}, environment = {}): Span {
  const traced = new Traced(spec, undefined, environment);
  const trace = traced.request([]).trace!;
  traced.clock.advance(12);
  trace.end(record, traced.clock.nowMs());
  return traced.spans.at(-1)!;
}

test('a client span says all that is known', () => {
  const headers = { 'user-agent': 'curl/8', 'x-request-id': 'abc', 'x-client-trace-id': '7' };
  const span = spanFor(recordOf({ path: '/a?b=1' }, headers));
  expect(span).toMatchObject({ name: 'app.test:80/*', kind: 'client', failed: false, message: '' });
  expect(span.endMs - span.startMs).toBeCloseTo(12, 6);
  expect(span.attributes).toEqual({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'http.request.body.size': 4,
    'http.response.body.size': 5,
    'network.protocol.version': '1.1',
    'network.peer.address': '10.1.2.3',
    'network.peer.port': 9080,
    'server.address': 'app.test',
    'server.port': 8080,
    'url.full': 'http://app.test:8080/a?b=1',
    'url.scheme': 'http',
    'url.path': '/a',
    'url.query': 'b=1',
    'user_agent.original': 'curl/8',
    component: 'proxy',
    node_id: PROXY.nodeId,
    'guid:x-request-id': 'abc',
    'guid:x-client-trace-id': '7',
    'http.url': 'http://app.test:8080/a?b=1',
    'http.method': 'GET',
    'http.protocol': 'HTTP/1.1',
    'http.status_code': '200',
    user_agent: 'curl/8',
    downstream_cluster: '-',
    'peer.address': '10.0.0.7',
    request_size: '4',
    response_size: '5',
    response_flags: '-',
    upstream_cluster: CLUSTER.name,
    'upstream_cluster.name': CLUSTER.name,
    upstream_address: ENDPOINT.key,
  });
});

test('a server span says who asked', () => {
  const record = recordOf({ reporter: 'destination' }, { 'x-forwarded-for': '192.0.2.9, 10.0.0.1' });
  const { kind, attributes } = spanFor(record);
  expect(kind).toBe('server');
  expect(attributes).toMatchObject({ 'client.address': '192.0.2.9', 'network.peer.address': '10.0.0.7' });
  expect(attributes).not.toHaveProperty('url.full');
});

describe('failures', () => {
  test.each<[string, Partial<RequestRecord>, boolean, string | undefined]>([
    ['client, 200', { status: 200 }, false, undefined],
    ['client, 302', { status: 302 }, false, undefined],
    ['client, 404', { status: 404 }, true, '404'],
    ['client, 503', { status: 503, flag: 'UH' }, true, '503'],
    ['server, 404', { reporter: 'destination', status: 404 }, false, undefined],
    ['server, 500', { reporter: 'destination', status: 500 }, true, '500'],
    ['no answer at all', { status: 0, flag: 'DC' }, true, 'DC'],
    ['an answer that broke off', { status: 200, flag: 'UC' }, true, 'UC'],
    ['an answer that broke off after a delay', { status: 200, flag: 'DI,UC' }, true, 'DI,UC'],
    ['a delay that did no harm', { status: 200, flag: 'DI' }, false, undefined],
  ])('%s', (_name, changes, failed, type) => {
    const span = spanFor(recordOf({ ...changes, reason: 'why it failed' }));
    expect([span.failed, span.attributes['error.type'], span.attributes['error'], span.message]).toEqual(
      failed ? [true, type, 'true', 'why it failed'] : [false, undefined, undefined, ''],
    );
  });
});

describe('methods and names', () => {
  test.each([
    ['GET', 'GET', undefined, 'GET'],
    ['QUERY', 'QUERY', undefined, 'QUERY'],
    ['get', '_OTHER', 'get', 'HTTP'],
    ['PURGE', '_OTHER', 'PURGE', 'HTTP'],
    ['X'.repeat(500), '_OTHER', 'X'.repeat(32), 'HTTP'],
    ['', '_OTHER', undefined, 'HTTP'],
  ])('%s', (method, told, original, name) => {
    const span = spanFor(recordOf({ method, cluster: undefined, endpoint: undefined }));
    expect(span.name).toBe(name);
    expect(span.attributes['http.request.method']).toBe(told);
    expect(span.attributes['http.request.method_original']).toBe(original);
  });
});

describe('urls', () => {
  test.each([
    ['/a?sig=secret&x=1', 'sig=REDACTED&x=1'],
    ['/a?x=1&Signature=secret', 'x=1&Signature=REDACTED'],
    ['/a?AWSAccessKeyId=secret&X-Goog-Signature=secret', 'AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED'],
    ['/a?s%69g=secret', 's%69g=REDACTED'],
    ['/a?sig=a=secret', 'sig=REDACTED'],
    ['/a?%E0%A4%A=1&sig=secret', '%E0%A4%A=1&sig=REDACTED'],
    ['/a?signal=1', 'signal=1'],
    ['/a?', undefined],
    ['/a', undefined],
  ])('%s', (path, query) => {
    const { attributes } = spanFor(recordOf({ path }));
    expect(attributes['url.query']).toBe(query);
    expect(Object.values(attributes).join()).not.toContain('secret');
  });

  test('paths are cut', () => {
    const { attributes } = spanFor(recordOf({ path: `/${'p'.repeat(100)}?q=1` }), { maxPathLength: 10 });
    expect(attributes['url.path']).toBe(`/${'p'.repeat(9)}`);
    expect(attributes['http.url']).toBe(`http://app.test:8080/${'p'.repeat(9)}`);
  });

  test.each([
    ['app.test', 'app.test', 80],
    ['[2001:db8::1]:81', '2001:db8::1', 81],
    ['[2001:db8::1]', '2001:db8::1', 80],
    ['app.test:x', 'app.test', 80],
  ])('authority %s', (authority, host, port) => {
    expect(spanFor(recordOf({ authority })).attributes).toMatchObject({
      'server.address': host,
      'server.port': port,
    });
  });
});

test('no value of a stranger is kept whole that is long', () => {
  const long = 'x'.repeat(50_000);
  const headers = {
    'user-agent': long,
    'x-request-id': long,
    'x-forwarded-for': long,
    'x-envoy-downstream-service-cluster': long,
  };
  const changes = { authority: long, path: `/${long}?${long}`, method: long, reason: long, status: 500 };
  const span = spanFor(recordOf({ ...changes, reporter: 'destination' }, headers));
  for (const value of [span.name, span.message, ...Object.values(span.attributes)]) {
    expect(String(value).length).toBeLessThanOrEqual(1_400);
  }
});

describe('custom tags', () => {
  test.each<[string, TracingSpec['customTags'][number], string | undefined]>([
    ['literal', { name: 't', from: 'literal', value: 'x' }, 'x'],
    ['header', { name: 't', from: 'header', header: 'end-user', fallback: 'nobody' }, 'jason'],
    ['header that is absent', { name: 't', from: 'header', header: 'x-other', fallback: 'nobody' }, 'nobody'],
    ['header without a fallback', { name: 't', from: 'header', header: 'x-other', fallback: '' }, undefined],
    ['environment', { name: 't', from: 'environment', variable: 'ZONE', fallback: '' }, 'a'],
    ['environment that is absent', { name: 't', from: 'environment', variable: 'NONE', fallback: 'b' }, 'b'],
  ])('%s', (_name, tag, value) => {
    const span = spanFor(recordOf({}, { 'end-user': 'jason' }), { customTags: [tag] }, { ZONE: 'a' });
    expect(span.attributes['t']).toBe(value);
  });
});

test('tags of a listener stand on tries, too', () => {
  const traced = new Traced({ customTags: [{ name: 'istio.mesh_id', from: 'literal', value: 'm' }] });
  const { trace } = traced.request([]);
  trace!.tryBegan(ENDPOINT, 0);
  trace!.end(recordOf(), 1);
  expect(traced.spans.map(({ attributes }) => attributes['istio.mesh_id'])).toEqual(['m', 'm']);
});

describe('tries', () => {
  test('one under way ends with its request', () => {
    const traced = new Traced();
    const trace = traced.request([]).trace!;
    trace.tryBegan(ENDPOINT, 0);
    trace.end(recordOf({ status: 0, flag: 'DC', reason: 'gone' }), 5);
    expect(traced.spans[0]).toMatchObject({
      name: `router ${CLUSTER.name} egress`,
      failed: true,
      message: 'gone',
      parentSpanId: traced.spans[1]?.spanId,
    });
  });

  test.each<[string, Partial<RequestRecord>, string, boolean]>([
    ['answered after all retries', { status: 503, flag: 'URX' }, '-', true],
    ['not connected to after all retries', { status: 0, flag: 'URX,UF' }, 'UF', true],
    ['not tried again for the breaker', { status: 0, flag: 'UO,UC' }, 'UC', true],
    ['answered, and not tried again for the breaker', { status: 503, flag: 'UO' }, '-', true],
    ['without room', { status: 0, flag: 'UO' }, 'UO', true],
    ['answered after a delay', { status: 200, flag: 'DI' }, '-', false],
    ['cut short after a delay', { status: 200, flag: 'DI,UC' }, 'UC', true],
  ])('the last one has its own flag alone: %s', (_name, ending, flag, failed) => {
    for (const endsFirst of [true, false]) {
      const record = recordOf(ending);
      const traced = new Traced();
      const trace = traced.request([]).trace!;
      trace.tryBegan(ENDPOINT, 0);
      if (endsFirst) trace.tryEnded(4, record.status, record.flag, '');
      trace.end(record, 5);
      expect(traced.spans[0]).toMatchObject({ failed, attributes: { response_flags: flag } });
      expect(traced.spans[1]?.attributes['response_flags']).toBe(ending.flag);
    }
  });

  test('there are none where none are asked for, and the header names the request', () => {
    const traced = new Traced({ trySpans: false });
    const { trace } = traced.request([]);
    trace!.tryBegan(ENDPOINT, 0);
    trace!.tryEnded(1, 503, '-', '');
    trace!.tryBegan(ENDPOINT, 2);
    const out = Buffer.from(trace!.lines);
    trace!.stamp(out, 0);
    trace!.end(recordOf({ reporter: 'destination' }), 3);
    expect(traced.spans).toHaveLength(1);
    expect(out.toString()).toContain(`-${traced.spans[0]?.spanId}-03`);
  });

  test('of a request that is tried without end a number is kept', () => {
    const traced = new Traced();
    const { trace } = traced.request([]);
    for (let i = 0; i < 100; i++) {
      trace!.tryBegan(ENDPOINT, i);
      trace!.stamp(Buffer.from(trace!.lines), 0);
      trace!.tryEnded(i, 503, 'UF', 'x');
    }
    for (let i = 0; i < 100; i++) trace!.event('retry', i, { text: 'y'.repeat(5_000) });
    trace!.end(recordOf(), 100);
    expect(traced.spans).toHaveLength(MAX_TRY_SPANS + 1);
    expect(traced.dropped).toBe(100 - MAX_TRY_SPANS);
    const request = traced.spans.at(-1)!;
    expect([request.events.length, request.droppedEvents]).toEqual([MAX_EVENTS, 100 - MAX_EVENTS]);
    expect(String(request.events[0]?.attributes['text']).length).toBeLessThanOrEqual(1_024);
  });
});

test('a request that finds no room is dropped as a whole, and nothing is made of it', () => {
  const traced = new Traced();
  const { trace } = traced.request([]);
  trace!.tryBegan(ENDPOINT, 0);
  traced.room = false;
  trace!.end({} as RequestRecord, 1);
  expect([traced.spans.length, traced.dropped]).toEqual([0, 2]);
});

test('times have the fractions that the wall clock lacks', () => {
  const traced = new Traced();
  traced.clock.advance(0.75);
  const trace = traced.request([]).trace!;
  trace.end(recordOf(), 1.5);
  const span = traced.spans.at(-1)!;
  expect(span.endMs - span.startMs).toBeCloseTo(0.75, 3);
});

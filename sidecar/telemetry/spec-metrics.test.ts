import { describe, expect, test } from 'vitest';
import { exposeMeshMetrics } from './exposition.ts';
import { MeshTelemetry } from './mesh-telemetry.ts';
import type { MetricSpec, StatsSpec } from './stats-spec.ts';
import type { RequestRecord } from './stream-record.ts';

const OWN = {
  name: 'web-1',
  namespace: 'shop',
  workload: 'web-v1',
  cluster: 'weft',
  labels: { app: 'web', version: 'v1' },
};
const REVIEWS = { host: 'reviews.shop.svc.cluster.local', name: 'reviews', namespace: 'shop' };
const PEER = {
  workload: 'reviews-v2',
  namespace: 'shop',
  canonicalName: 'reviews',
  canonicalRevision: 'v2',
  cluster: 'weft',
};

function spec(...metrics: Partial<MetricSpec>[]): StatsSpec {
  const whole = metrics.map((metric) => ({
    name: '',
    drop: false,
    dimensions: [],
    tagsToRemove: [],
    ...metric,
  }));
  return { key: JSON.stringify(whole), metrics: whole };
}

/** Only what the expressions of these tests ask for. */
function asking(method: string): RequestRecord {
  return { kind: 'request', method, reporter: 'source', status: 200 } as unknown as RequestRecord;
}

interface Line {
  readonly labels: Record<string, string>;
  readonly value: number;
}

function linesOf(telemetry: MeshTelemetry, metric: string): Line[] {
  return [...exposeMeshMetrics(telemetry)]
    .join('')
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .map((line) => ({
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
      ),
      value: Number(line.split(' ').at(-1)),
    }));
}

describe('a listener', () => {
  test('adds tags, whose values its requests say', () => {
    const mesh = new MeshTelemetry(OWN);
    const meter = mesh
      .under(spec({ dimensions: [['request_method', 'request.method']] }))
      .requests('source', PEER, REVIEWS);
    for (const method of ['GET', 'GET', 'POST']) meter.observe(200, '-', 1, 10, 20, asking(method));
    const lines = linesOf(mesh, 'istio_requests_total');
    expect(lines.map(({ labels, value }) => [labels['request_method'], value])).toEqual([
      ['GET', 2],
      ['POST', 1],
    ]);
    expect(lines[0]?.labels).toMatchObject({ destination_workload: 'reviews-v2', response_code: '200' });
    expect(linesOf(mesh, 'istio_response_bytes_sum').map(({ value }) => value)).toEqual([40, 20]);
  });

  test('adds a tag to one metric, and leaves the others as they are', () => {
    const mesh = new MeshTelemetry(OWN);
    const changed = spec({ name: 'requests_total', dimensions: [['m', 'request.method']] });
    const meter = mesh.under(changed).requests('source', PEER, REVIEWS);
    meter.observe(200, '-', 1, 1, 1, asking('GET'));
    meter.observe(200, '-', 1, 1, 1, asking('PUT'));
    expect(linesOf(mesh, 'istio_requests_total').map(({ labels }) => labels['m'])).toEqual(['GET', 'PUT']);
    const [bytes, ...more] = linesOf(mesh, 'istio_request_bytes_count');
    expect(more).toEqual([]);
    expect(bytes).toMatchObject({ value: 2, labels: expect.not.objectContaining({ m: 'GET' }) });
  });

  test('overrides the value of a standard tag', () => {
    const mesh = new MeshTelemetry(OWN);
    const changed = spec({ dimensions: [['response_code', "'2xx'"]] });
    const meter = mesh.under(changed).requests('source', PEER, REVIEWS);
    meter.observe(200, '-', 1, 1, 1, asking('GET'));
    meter.observe(201, '-', 1, 1, 1, asking('GET'));
    const lines = linesOf(mesh, 'istio_requests_total');
    expect(lines.map(({ labels, value }) => [labels['response_code'], value])).toEqual([['2xx', 2]]);
  });

  test.each(['response_code', 'response_flags', 'destination_workload', 'reporter'])(
    'removes the tag %s; what it told apart is summed up',
    (tag) => {
      const mesh = new MeshTelemetry(OWN);
      const telemetry = mesh.under(spec({ tagsToRemove: [tag] }));
      const other = { ...PEER, workload: 'reviews-v3' };
      telemetry.requests('source', PEER, REVIEWS).observe(200, '-', 1, 1, 1);
      telemetry.requests('source', PEER, REVIEWS).observe(503, 'UF', 1, 1, 1);
      telemetry.requests('source', other, REVIEWS).observe(200, '-', 1, 1, 1);
      const lines = linesOf(mesh, 'istio_requests_total');
      expect(lines.every(({ labels }) => !(tag in labels))).toBe(true);
      expect(new Set(lines.map(({ labels }) => JSON.stringify(labels))).size).toBe(lines.length);
      expect(lines.reduce((sum, { value }) => sum + value, 0)).toBe(3);
      expect(linesOf(mesh, 'istio_request_bytes_count').reduce((sum, { value }) => sum + value, 0)).toBe(3);
    },
  );

  test.each<[string, Partial<MetricSpec>[], string[]]>([
    ['one metric', [{ name: 'request_bytes', drop: true }], ['istio_request_bytes_count']],
    [
      'all metrics',
      [{ drop: true }],
      [
        'istio_requests_total',
        'istio_request_bytes_count',
        'istio_response_bytes_count',
        'istio_request_duration_milliseconds_count',
        'istio_tcp_connections_opened_total',
        'istio_tcp_connections_closed_total',
        'istio_tcp_sent_bytes_total',
        'istio_tcp_received_bytes_total',
      ],
    ],
    ['one of connections', [{ name: 'tcp_sent_bytes_total', drop: true }], ['istio_tcp_sent_bytes_total']],
  ])('drops %s', (_name, metrics, dropped) => {
    const mesh = new MeshTelemetry(OWN);
    const telemetry = mesh.under(spec(...metrics));
    telemetry.requests('source', PEER, REVIEWS).observe(200, '-', 1, 1, 1);
    const tcp = telemetry.tcp('source', PEER, REVIEWS);
    tcp.opened();
    tcp.sent(1);
    tcp.received(1);
    tcp.closed('-');
    const all = [
      'istio_requests_total',
      'istio_request_bytes_count',
      'istio_response_bytes_count',
      'istio_request_duration_milliseconds_count',
      'istio_tcp_connections_opened_total',
      'istio_tcp_connections_closed_total',
      'istio_tcp_sent_bytes_total',
      'istio_tcp_received_bytes_total',
    ];
    for (const name of all)
      expect([name, linesOf(mesh, name).length]).toEqual([name, dropped.includes(name) ? 0 : 1]);
  });

  test.each<[string, string | undefined, RequestRecord | undefined]>([
    ['an attribute that is missing', "request.headers['x-none']", asking('GET')],
    ['nobody to ask', 'request.method', undefined],
  ])('%s is unknown', (_name, expression = '', record) => {
    const mesh = new MeshTelemetry(OWN);
    const withHeaders = record && ({ ...record, requestHeader: () => undefined } as unknown as RequestRecord);
    mesh
      .under(spec({ dimensions: [['x', expression]] }))
      .requests('source', PEER, REVIEWS)
      .observe(200, '-', 1, 1, 1, withHeaders);
    expect(linesOf(mesh, 'istio_requests_total')[0]?.labels['x']).toBe('unknown');
  });

  test('without changes, or asked for again, is counted where it was', () => {
    const mesh = new MeshTelemetry(OWN);
    expect(mesh.under(undefined)).toBe(mesh);
    expect(mesh.under({ key: '[]', metrics: [] })).toBe(mesh);
    const changed = spec({ name: 'request_bytes', drop: true });
    expect(mesh.under({ ...changed })).toBe(mesh.under({ ...changed }));
  });

  test('what two ways tell of the same labels stands on the page once', () => {
    const mesh = new MeshTelemetry(OWN);
    mesh.requests('source', PEER, REVIEWS).observe(200, '-', 5, 1, 1);
    const other = mesh.under(spec({ name: 'request_bytes', drop: true }));
    other.requests('source', PEER, REVIEWS).observe(200, '-', 7, 1, 1);
    expect(linesOf(mesh, 'istio_requests_total').map(({ value }) => value)).toEqual([2]);
    expect(linesOf(mesh, 'istio_request_bytes_count').map(({ value }) => value)).toEqual([1]);
    expect(linesOf(mesh, 'istio_request_duration_milliseconds_sum').map(({ value }) => value)).toEqual([12]);
  });

  test('tags of a connection are said when it begins', () => {
    const mesh = new MeshTelemetry(OWN);
    const telemetry = mesh.under(spec({ dimensions: [['kind', "'opaque'"]] }));
    const meter = telemetry.tcp('source', PEER, REVIEWS, { kind: 'connection' } as never);
    meter.opened();
    meter.sent(3);
    meter.closed('UF');
    expect(linesOf(mesh, 'istio_tcp_received_bytes_total')).toEqual([
      { value: 3, labels: expect.objectContaining({ kind: 'opaque', response_flags: '-' }) },
    ]);
    expect(linesOf(mesh, 'istio_tcp_connections_closed_total')[0]?.labels).toMatchObject({
      kind: 'opaque',
      response_flags: 'UF',
    });
  });

  test('many ways that are in use stand side by side', () => {
    const mesh = new MeshTelemetry(OWN);
    const ways = Array.from({ length: 20 }, (_, i) => spec({ dimensions: [['way', `'${i}'`]] }));
    const inUse = ways.map((way) => mesh.under(way));
    for (const way of inUse) way.requests('source', PEER, REVIEWS).observe(200, '-', 1, 1, 1, asking('GET'));
    const told = linesOf(mesh, 'istio_requests_total').map(({ labels }) => Number(labels['way']));
    expect(told.sort((a, b) => a - b)).toEqual(inUse.map((_, i) => i));
    expect(mesh.folded.spec).toBe(0);
  });
});

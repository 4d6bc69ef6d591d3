import { fromBinary, toJson } from '@bufbuild/protobuf';
import { StructSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import { exposeMeshMetrics } from './exposition.ts';
import { MeshTelemetry } from './mesh-telemetry.ts';
import { createPeerDecoder, encodePeerMetadata } from './peer-metadata.ts';

const WEB = {
  name: 'web-1',
  namespace: 'shop',
  workload: 'web-v1',
  cluster: 'weft',
  labels: { app: 'web', version: 'v1', 'pod-template-hash': 'abc' },
};
const REVIEWS = { host: 'reviews.shop.svc.cluster.local', name: 'reviews', namespace: 'shop' };
const REVIEWS_V2 = {
  workload: 'reviews-v2',
  namespace: 'shop',
  canonicalName: 'reviews',
  canonicalRevision: 'v2',
  cluster: 'weft',
};

/** The samples of one metric, without help and type. */
function samplesOf(telemetry: MeshTelemetry, metric: string): string[] {
  return [...exposeMeshMetrics(telemetry)]
    .join('')
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`));
}

function labelsOf(sample: string): Record<string, string> {
  return Object.fromEntries(
    [...sample.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );
}

describe('request metrics', () => {
  test("carry Istio's labels, as the caller's sidecar reports", () => {
    const telemetry = new MeshTelemetry(WEB);
    telemetry.requests('source', REVIEWS_V2, REVIEWS).observe(200, '-', 12, 0, 1000);
    const [sample = ''] = samplesOf(telemetry, 'istio_requests_total');
    expect(sample.endsWith('} 1')).toBe(true);
    expect(labelsOf(sample)).toEqual({
      reporter: 'source',
      source_workload: 'web-v1',
      source_canonical_service: 'web',
      source_canonical_revision: 'v1',
      source_workload_namespace: 'shop',
      source_principal: 'unknown',
      source_app: 'web',
      source_version: 'v1',
      source_cluster: 'weft',
      destination_workload: 'reviews-v2',
      destination_canonical_service: 'reviews',
      destination_canonical_revision: 'v2',
      destination_workload_namespace: 'shop',
      destination_principal: 'unknown',
      destination_app: 'reviews',
      destination_version: 'v2',
      destination_cluster: 'weft',
      destination_service: 'reviews.shop.svc.cluster.local',
      destination_service_name: 'reviews',
      destination_service_namespace: 'shop',
      request_protocol: 'http',
      response_code: '200',
      grpc_response_status: '',
      response_flags: '-',
      connection_security_policy: 'unknown',
    });
  });

  test("as the server's sidecar reports, the caller is who it says", () => {
    const telemetry = new MeshTelemetry({ ...WEB, workload: 'reviews-v2', labels: { app: 'reviews' } });
    const caller = telemetry.peerOf(encodePeerMetadata(WEB));
    telemetry.requests('destination', caller, REVIEWS).observe(503, 'UF', 1, 0, 0);
    expect(labelsOf(samplesOf(telemetry, 'istio_requests_total')[0] ?? '')).toMatchObject({
      reporter: 'destination',
      source_workload: 'web-v1',
      source_app: 'web',
      source_version: 'v1',
      destination_workload: 'reviews-v2',
      destination_canonical_revision: 'latest',
      response_code: '503',
      response_flags: 'UF',
      connection_security_policy: 'none',
    });
  });

  test('count in buckets up to each bound, with sum and count', () => {
    const telemetry = new MeshTelemetry(WEB);
    const meter = telemetry.requests('source', undefined, REVIEWS);
    for (const durationMs of [0.2, 0.5, 7, 4000, 1e9]) meter.observe(200, '-', durationMs, 0, 0);
    const buckets = Object.fromEntries(
      samplesOf(telemetry, 'istio_request_duration_milliseconds_bucket').map((sample) => [
        labelsOf(sample)['le'],
        Number(sample.split(' ').at(-1)),
      ]),
    );
    expect(buckets).toMatchObject({
      '0.5': 2,
      '1': 2,
      '5': 2,
      '10': 3,
      '2500': 3,
      '5000': 4,
      '3600000': 4,
      '+Inf': 5,
    });
    expect(samplesOf(telemetry, 'istio_request_duration_milliseconds_count')[0]).toMatch(/ 5$/);
    expect(samplesOf(telemetry, 'istio_request_duration_milliseconds_sum')[0]).toMatch(/ 1000004007\.7$/);
  });

  test('of the same peer and service are the same meter, whatever objects name them', () => {
    const telemetry = new MeshTelemetry(WEB);
    const meter = telemetry.requests('source', REVIEWS_V2, REVIEWS);
    expect(telemetry.requests('source', { ...REVIEWS_V2 }, { ...REVIEWS })).toBe(meter);
    expect(telemetry.requests('source', undefined, REVIEWS)).not.toBe(meter);
  });

  test('stay bounded when callers make up names, and status codes', () => {
    const telemetry = new MeshTelemetry(WEB);
    for (let i = 0; i < 2_000; i += 1) {
      const meter = telemetry.requests('destination', { ...REVIEWS_V2, workload: `w${i}` }, REVIEWS);
      for (const code of [200, 404, 500, 503]) meter.observe(code, '-', 1, 1, 1);
    }
    const samples = samplesOf(telemetry, 'istio_requests_total');
    expect(samples.length).toBeLessThanOrEqual(3_001);
    const total = samples.reduce((sum, sample) => sum + Number(sample.split(' ').at(-1)), 0);
    expect(total).toBe(8_000);
    expect(samples.some((sample) => labelsOf(sample)['source_workload'] === 'unknown')).toBe(true);

    const one = new MeshTelemetry(WEB);
    const meter = one.requests('source', undefined, REVIEWS);
    for (let code = 100; code < 1000; code += 1) meter.observe(code, '-', 1, 1, 1);
    expect(samplesOf(one, 'istio_requests_total').length).toBeLessThanOrEqual(65);
  });

  test('escape what a label value may hold', () => {
    const telemetry = new MeshTelemetry(WEB);
    telemetry
      .requests('source', { ...REVIEWS_V2, workload: 'a"b\\c\nd' }, REVIEWS)
      .observe(200, '-', 1, 1, 1);
    const samples = samplesOf(telemetry, 'istio_requests_total');
    expect(samples).toHaveLength(1);
    expect(labelsOf(samples[0]!)['destination_workload']).toBe('a\\"b\\\\c\\nd');
  });
});

test('TCP metrics count connections and bytes, closed ones by flag', () => {
  const telemetry = new MeshTelemetry(WEB);
  const meter = telemetry.tcp('source', REVIEWS_V2, REVIEWS);
  meter.opened();
  meter.opened();
  meter.sent(100);
  meter.received(2000);
  meter.closed('-');
  meter.closed('UF');
  const values = ['opened_total', 'closed_total'].flatMap((name) =>
    samplesOf(telemetry, `istio_tcp_connections_${name}`).map((s) => [
      labelsOf(s)['response_flags'],
      Number(s.split(' ').at(-1)),
    ]),
  );
  expect(values).toEqual([
    ['-', 2],
    ['-', 1],
    ['UF', 1],
  ]);
  expect(samplesOf(telemetry, 'istio_tcp_sent_bytes_total')[0]).toMatch(/request_protocol="tcp".* 2000$/);
  expect(samplesOf(telemetry, 'istio_tcp_received_bytes_total')[0]).toMatch(/ 100$/);
});

describe('peer metadata', () => {
  const decode = (value: object): string => {
    const struct = fromBinary(StructSchema, Buffer.from(encodePeerMetadata({ ...WEB, ...value }), 'base64'));
    return JSON.stringify(toJson(StructSchema, struct));
  };

  test('tells the names and the labels that peers read, and no others', () => {
    expect(JSON.parse(decode({}))).toEqual({
      NAME: 'web-1',
      NAMESPACE: 'shop',
      WORKLOAD_NAME: 'web-v1',
      CLUSTER_ID: 'weft',
      LABELS: { app: 'web', version: 'v1' },
    });
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['not base64', '%%%'],
    ['not a struct', Buffer.from('hello world').toString('base64')],
    ['too long', 'A'.repeat(5000)],
    ['nested without end', Buffer.alloc(3000, 0x0a).toString('base64')],
    ['without a workload', encodePeerMetadata({ ...WEB, workload: '' })],
    ['with an endless name', encodePeerMetadata({ ...WEB, workload: 'x'.repeat(300) })],
  ])('%s is nobody', (_name, value) => {
    expect(createPeerDecoder()(value)).toBeUndefined();
  });

  test('prefers the canonical labels', () => {
    const labels = { app: 'a', 'app.kubernetes.io/name': 'k', 'service.istio.io/canonical-name': 'c' };
    expect(createPeerDecoder()(encodePeerMetadata({ ...WEB, labels }))).toMatchObject({
      canonicalName: 'c',
      canonicalRevision: 'latest',
      app: 'a',
    });
  });

  test('is decoded once per value', () => {
    const peerOf = createPeerDecoder();
    const value = encodePeerMetadata(WEB);
    expect(peerOf(value)).toBe(peerOf(value));
    for (let i = 0; i < 300; i += 1) peerOf(encodePeerMetadata({ ...WEB, workload: `w${i}` }));
    expect(peerOf(value)).toMatchObject({ workload: 'web-v1' });
  });
});

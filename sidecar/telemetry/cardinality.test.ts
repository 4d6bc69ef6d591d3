import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import {
  MAX_FLAGS,
  MAX_OUTCOMES,
  MAX_PEERS,
  MAX_SERVICES,
  MAX_TAGGED,
  nothingFolded,
} from './cardinality.ts';
import { exposeMeshMetrics } from './exposition.ts';
import { MeshTelemetry } from './mesh-telemetry.ts';
import { RequestSeries } from './request-series.ts';
import { ALL_REQUEST_METRICS } from './standard.ts';
import type { StatsSpec } from './stats-spec.ts';
import type { RequestRecord } from './stream-record.ts';

const OWN = { name: 'p', namespace: 'n', workload: 'w', cluster: 'weft', labels: {} };
const FLAGS: readonly ResponseFlag[] = ['-', 'UF', 'UH', 'UC', 'UT', 'DC', 'NR', 'UO', 'URX', 'SI'];
const BY_PATH: StatsSpec = {
  key: 'path',
  metrics: [{ name: '', drop: false, dimensions: [['path', 'request.path']], tagsToRemove: [] }],
};

/** Each series has at least one outcome, whatever is left of the budgets. */
const MOST_STANDARD = MAX_OUTCOMES + MAX_FLAGS + MAX_PEERS + MAX_SERVICES + 2;

interface Told {
  readonly series: number;
  readonly requests: number;
  readonly bytes: number;
}

function told(mesh: MeshTelemetry): Told {
  let [series, requests, bytes] = [0, 0, 0];
  for (const line of [...exposeMeshMetrics(mesh)].join('').split('\n')) {
    const value = Number(line.slice(line.lastIndexOf(' ')));
    if (line.startsWith('istio_requests_total{')) {
      series += 1;
      requests += value;
    } else if (line.startsWith('istio_request_bytes_sum{')) bytes += value;
  }
  return { series, requests, bytes };
}

function peer(workload: string) {
  return { workload, namespace: 'n', canonicalName: workload, canonicalRevision: 'v1', cluster: 'weft' };
}

function asking(path: string): RequestRecord {
  return { kind: 'request', path, reporter: 'destination' } as unknown as RequestRecord;
}

const hostile = fc.record({
  peers: fc.integer({ min: 1, max: 4_000 }),
  services: fc.integer({ min: 1, max: 3_000 }),
  codes: fc.integer({ min: 1, max: 900 }),
  paths: fc.integer({ min: 1, max: 5_000 }),
  requests: fc.integer({ min: 1, max: 4_000 }),
  changed: fc.boolean(),
});

test('whatever names, codes and paths come: series stay below their ceiling, and nothing is lost', () => {
  fc.assert(
    fc.property(hostile, ({ peers, services, codes, paths, requests, changed }) => {
      const mesh = new MeshTelemetry(OWN);
      const telemetry = changed ? mesh.under(BY_PATH) : mesh;
      for (let i = 0; i < requests; i += 1) {
        const host = `s${i % services}`;
        telemetry
          .requests('destination', peer(`w${(i * 7) % peers}`), { host, name: host, namespace: 'n' })
          .observe(
            100 + ((i * 13) % codes),
            FLAGS[i % FLAGS.length]!,
            1,
            i,
            1,
            asking(`/${(i * 31) % paths}`),
          );
      }
      const page = told(mesh);
      expect(page.series).toBeLessThanOrEqual(changed ? MAX_TAGGED + MOST_STANDARD : MOST_STANDARD);
      expect(page.requests).toBe(requests);
      expect(page.bytes).toBe((requests * (requests - 1)) / 2);
    }),
    { numRuns: 15 },
  );
});

test('what has no series of its own is counted by its kind', () => {
  const mesh = new MeshTelemetry(OWN);
  const service = { host: 'a', name: 'a', namespace: 'n' };
  for (let i = 0; i < MAX_PEERS + 5; i += 1) mesh.requests('destination', peer(`w${i}`), service);
  expect(mesh.folded).toEqual({ ...nothingFolded(), peer: 5 });
  for (let i = 0; i < MAX_SERVICES + 5; i += 1)
    mesh.requests('destination', undefined, { host: `s${i}`, name: 's', namespace: 'n' });
  expect(mesh.folded.service).toBeGreaterThan(0);
  const tagged = mesh.under(BY_PATH).requests('destination', undefined, service);
  for (let i = 0; i < 105; i += 1) tagged.observe(200, '-', 1, 1, 1, asking(`/${i}`));
  expect(mesh.folded.value).toBe(5);
});

test('a code goes before its flag when there is no room', () => {
  const all = { metrics: new Set(ALL_REQUEST_METRICS), hidden: new Set<string>(), added: [] };
  const series = new RequestSeries({}, all, { left: 1, folded: nothingFolded() });
  series.observe(200, '-', 1, 1, 1);
  series.observe(503, 'UF', 1, 1, 1);
  series.observe(504, 'UF', 1, 1, 1);
  expect([...series.outcomes].map(({ labels, count }) => [labels, count])).toEqual([
    ['response_code="200",grpc_response_status="",response_flags="-"', 1],
    ['response_code="0",grpc_response_status="",response_flags="UF"', 2],
  ]);
});

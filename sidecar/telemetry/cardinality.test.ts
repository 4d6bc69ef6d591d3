import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import {
  FLAGS_SHARE,
  MAX_OUTCOMES,
  MAX_OUTCOMES_OF_ONE,
  MAX_PEERS,
  MAX_PEERS_OF_ONE,
  MAX_SERVICES,
  MAX_TAGGED,
  nothingFolded,
  OutcomeBudget,
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
const MOST_STANDARD = MAX_OUTCOMES * (1 + FLAGS_SHARE) + MAX_PEERS + MAX_SERVICES + 2;

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

function peer(workload: string, principal?: string) {
  const names = {
    workload,
    namespace: 'n',
    canonicalName: workload,
    canonicalRevision: 'v1',
    cluster: 'weft',
  };
  return principal === undefined ? names : { ...names, principal };
}

const principal = (name: string): string => `spiffe://cluster.local/ns/n/sa/${name}`;

function asking(path: string): RequestRecord {
  return { kind: 'request', path, reporter: 'destination' } as unknown as RequestRecord;
}

const hostile = fc.record({
  peers: fc.integer({ min: 1, max: 4_000 }),
  services: fc.integer({ min: 1, max: 3_000 }),
  codes: fc.integer({ min: 1, max: 900 }),
  callers: fc.integer({ min: 0, max: 40 }),
  paths: fc.integer({ min: 1, max: 5_000 }),
  requests: fc.integer({ min: 1, max: 4_000 }),
  changed: fc.boolean(),
});

test('whatever names, codes and paths come: series stay below their ceiling, and nothing is lost', () => {
  fc.assert(
    fc.property(hostile, ({ peers, services, codes, callers, paths, requests, changed }) => {
      const mesh = new MeshTelemetry(OWN);
      const telemetry = changed ? mesh.under(BY_PATH) : mesh;
      for (let i = 0; i < requests; i += 1) {
        const host = `s${i % services}`;
        const caller = callers === 0 ? undefined : principal(`sa${i % callers}`);
        telemetry
          .requests('destination', peer(`w${(i * 7) % peers}`, caller), { host, name: host, namespace: 'n' })
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
  for (let i = 0; i < MAX_PEERS + 5; i += 1)
    mesh.requests('destination', peer(`w${i}`, principal(`sa${i % 10}`)), service);
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
  const series = new RequestSeries({}, all, new OutcomeBudget(1, nothingFolded()));
  series.observe(200, '-', 1, 1, 1);
  series.observe(503, 'UF', 1, 1, 1);
  series.observe(504, 'UF', 1, 1, 1);
  expect([...series.outcomes].map(({ labels, count }) => [labels, count])).toEqual([
    ['response_code="200",grpc_response_status="",response_flags="-"', 1],
    ['response_code="0",grpc_response_status="",response_flags="UF"', 2],
  ]);
});

const WEB = { host: 'web.n.svc.cluster.local', name: 'web', namespace: 'n' };

/** One that says that it is 10,000 workloads, and is answered with every status. */
function lie(mesh: MeshTelemetry, caller: string | undefined): void {
  for (let i = 0; i < 10_000; i += 1) {
    const meter = mesh.requests('destination', peer(`evil-${i}`, caller), WEB);
    for (let code = 200; code < 264; code += 1) meter.observe(code, '-', 1, 1, 1);
  }
}

test.each([[undefined], [principal('evil')]])(
  'one caller (%s) cannot make a page that is not scraped',
  (caller) => {
    const mesh = new MeshTelemetry(OWN);
    lie(mesh, caller);
    const page = told(mesh);
    expect(page.requests).toBe(640_000);
    expect(page.series).toBeLessThanOrEqual(MAX_OUTCOMES_OF_ONE + MAX_PEERS_OF_ONE + 1);
    const size = exposeMeshMetrics(mesh).reduce((sum, piece) => sum + piece.length, 0);
    expect(size).toBeLessThan(20_000_000);
  },
);

test('whoever lies takes nothing of what is told of others', () => {
  const mesh = new MeshTelemetry(OWN);
  lie(mesh, principal('evil'));
  lie(mesh, undefined);
  const before = { ...mesh.folded };
  for (const reporter of ['source', 'destination'] as const) {
    const meter = mesh.requests(reporter, peer('cart', principal('cart')), WEB);
    for (const code of [200, 404, 503]) meter.observe(code, '-', 1, 1, 1);
  }
  expect(mesh.folded).toEqual(before);
});

test('of a peer that there is no room for is told what its certificate says', () => {
  const mesh = new MeshTelemetry(OWN);
  lie(mesh, principal('evil'));
  const labels = mesh
    .counts()
    .flatMap(({ outcomes }) => [...outcomes])
    .map((outcome) => outcome.labels);
  expect(labels.filter((each) => each.includes('source_workload="unknown"'))).toEqual([
    expect.stringContaining(`source_workload_namespace="n",source_principal="${principal('evil')}"`),
  ]);
  expect(labels.every((each) => each.includes('connection_security_policy="mutual_tls"'))).toBe(true);
});

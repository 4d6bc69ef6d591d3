import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MAX_LEFT_OVER, nothingFolded, OutcomeBudget } from './cardinality.ts';
import { exposeMeshMetrics } from './exposition.ts';
import { LeftOver } from './left-over.ts';
import { MeshTelemetry } from './mesh-telemetry.ts';
import { RequestSeries } from './request-series.ts';
import { ALL_REQUEST_METRICS } from './standard.ts';
import type { TcpMeter } from './telemetry.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const OWN = { name: 'p', namespace: 'n', workload: 'w', cluster: 'weft', labels: {} };
const WEB = { host: 'web.n.svc.cluster.local', name: 'web', namespace: 'n' };
/** As many ways as an operator tries in the life of a sidecar. */
const WAYS = 40;

const way = (i: number) => ({
  key: `${i}`,
  metrics: [{ name: '', drop: false, dimensions: [], tagsToRemove: [`not-there-${i}`] }],
});

function sumsOf(mesh: MeshTelemetry): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of [...exposeMeshMetrics(mesh)].join('').split('\n')) {
    const name = line.slice(0, line.indexOf('{'));
    if (!line.startsWith('#') && name.endsWith('l')) sums[name] = Number(line.slice(line.lastIndexOf(' ')));
  }
  return sums;
}

test('no counter falls when ways of changing metrics are forgotten', async () => {
  const mesh = new MeshTelemetry(OWN);
  const lasting: TcpMeter[] = [];
  for (let i = 0; i < WAYS; i += 1) {
    const telemetry = mesh.under(way(i));
    telemetry.requests('source', undefined, WEB).observe(200, '-', 1, 2, 3);
    const connection = telemetry.tcp('source', undefined, WEB);
    connection.opened();
    if (i === 0) lasting.push(connection);
  }
  const before = sumsOf(mesh);
  expect(before).toMatchObject({ istio_requests_total: WAYS, istio_tcp_connections_opened_total: WAYS });
  for (let i = 0; i < 100 && mesh.counts().length > 12; i += 1) {
    await turn();
    collect();
  }
  expect(mesh.counts().length).toBeLessThanOrEqual(12);
  expect(sumsOf(mesh)).toEqual(before);
  lasting[0]!.received(7);
  expect(sumsOf(mesh)['istio_tcp_sent_bytes_total']).toBe(7);
  expect(mesh.folded).toEqual(nothingFolded());
});

test('what there is no room for is told', () => {
  const folded = nothingFolded();
  const left = new LeftOver(folded);
  const all = { metrics: new Set(ALL_REQUEST_METRICS), hidden: new Set<string>(), added: [] };
  const counts = (name: string) => {
    const series = new RequestSeries({ name }, all, new OutcomeBudget(10, folded));
    series.observe(200, '-', 1, 1, 1);
    return { outcomes: series.outcomes, connections: [] };
  };
  for (let i = 0; i < MAX_LEFT_OVER; i += 1) left.add(counts(`${i}`));
  left.add(counts('0'));
  expect(folded.spec).toBe(0);
  left.add(counts('more'));
  expect(folded.spec).toBe(1);
  expect([...left.outcomes].map(({ count }) => count).slice(0, 2)).toEqual([2, 1]);
});

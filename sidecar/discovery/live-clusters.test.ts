import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { ClusterPolicy } from '#sidecar/upstream/cluster-policy.ts';
import { oneLocality } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_OUTLIER } from '#sidecar/upstream/outlier/outlier-policy.ts';
import { ANY_REQUEST, addressOf, policyOf } from '#sidecar/upstream/testing/endpoints.ts';
import { LEAVE_MS, LiveClusters } from './live-clusters.ts';

const OUTLIER = { ...DEFAULT_OUTLIER, consecutive5xx: 1, maxEjectionPercent: 100 };
const { name } = policyOf();
const noResolver = { resolve: () => Promise.reject(new Error('there are no names')) };

let clock: ManualClock;
let heard: string[];
let clusters: LiveClusters;

beforeEach(() => {
  clock = new ManualClock();
  heard = [];
  const witness = {
    listenerOf: ({ connectTimeoutMs }: ClusterPolicy) => ({
      onEjected: () => void heard.push(`ejected under ${connectTimeoutMs}`),
      onReturned: () => void heard.push('returned'),
    }),
    retired: () => void heard.push('retired'),
  };
  clusters = new LiveClusters(clock, seededRandom(1), noResolver, () => {}, witness);
});

function put(changes: Partial<ClusterPolicy> = {}): void {
  const localities = oneLocality([addressOf(0), addressOf(1)]);
  clusters.put({
    kind: 'static',
    policy: policyOf({ outlier: OUTLIER, ...changes }),
    assignment: { localities, overprovisioningFactor: 140 },
  });
}

function fail(): void {
  const endpoint = clusters.get(name)!.pick(ANY_REQUEST)!;
  endpoint.end(endpoint.begin(), 'server-error');
}

describe('the witness', () => {
  test('hears of ejections, also after a change of configuration', () => {
    put();
    fail();
    put({ connectTimeoutMs: 2_000 });
    fail();
    expect(heard).toEqual(['ejected under 1000', 'ejected under 2000']);
  });

  test('hears of a cluster that has no heir', () => {
    put();
    put({
      connections: {
        ...policyOf().connections,
        tls: { sni: 'a', alpn: [], ca: '', certificate: undefined, subjectAltNames: [] },
      },
    });
    expect(heard).toEqual(['retired']);
  });

  test('hears of a removed one when it leaves', () => {
    put();
    clusters.remove(name);
    clusters.sweep(() => false);
    expect(heard).toEqual([]);
    clock.advance(LEAVE_MS);
    expect(heard).toEqual(['retired']);
  });
});

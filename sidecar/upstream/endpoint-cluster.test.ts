import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { BalancerPolicy } from './balancer.ts';
import { hashText } from './balancers/hash.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import type { Outcome } from './endpoint.ts';
import { EndpointCluster } from './endpoint-cluster.ts';
import type { LocalityEndpoints } from './locality/locality-endpoints.ts';
import { DEFAULT_LOCALITY } from './locality/locality-policy.ts';
import { DEFAULT_OUTLIER } from './outlier/outlier-policy.ts';
import { ANY_REQUEST, addressOf, policyOf } from './testing/endpoints.ts';
import type { TrackedEndpoint } from './tracked-endpoint.ts';

const OUTLIER = { ...DEFAULT_OUTLIER, maxEjectionPercent: 100 };
const ROUND_ROBIN: BalancerPolicy = { kind: 'round-robin' };

/** A locality of so many endpoints; `zone` sets its addresses apart. */
function zone(index: number, count: number, told: Partial<LocalityEndpoints> = {}): LocalityEndpoints {
  return {
    locality: { region: 'r', zone: `z${index}`, subZone: '' },
    priority: 0,
    weight: 1,
    endpoints: Array.from({ length: count }, (_, i) => addressOf(index * 256 + i)),
    ...told,
  };
}

function clusterOf(localities: readonly LocalityEndpoints[], changes: Partial<ClusterPolicy> = {}) {
  const clock = new ManualClock();
  const random = seededRandom(11);
  const policy = policyOf({ balancer: ROUND_ROBIN, outlier: OUTLIER, ...changes });
  const cluster = new EndpointCluster(policy, clock, random);
  cluster.replaceEndpoints(localities);
  return { clock, random, cluster, policy };
}

function tries(endpoint: TrackedEndpoint, ...outcomes: Outcome[]): void {
  for (const outcome of outcomes) endpoint.end(endpoint.begin(), outcome);
}

function eject(endpoint: TrackedEndpoint): void {
  tries(endpoint, ...Array<Outcome>(5).fill('gateway-error'));
}

const zoneOf = (endpoint: TrackedEndpoint | undefined): string =>
  endpoint === undefined ? 'none' : `z${endpoint.address.split('.')[2]}`;

/** Percentages of the zones over 2000 picks. */
function zones(cluster: EndpointCluster, keyed = false): Record<string, number> {
  const got: Record<string, number> = {};
  for (let i = 0; i < 2_000; i += 1) {
    const hash = keyed ? hashText(`key-${i}`, 3) : undefined;
    const name = zoneOf(cluster.pick({ ...ANY_REQUEST, hash }));
    got[name] = (got[name] ?? 0) + 1 / 20;
  }
  return got;
}

test('a cluster without endpoints picks nobody', () => {
  const { cluster } = clusterOf([]);
  expect(cluster.pick(ANY_REQUEST)).toBeUndefined();
  expect(
    new EndpointCluster(policyOf(), new ManualClock(), seededRandom(1)).pick(ANY_REQUEST),
  ).toBeUndefined();
});

describe('what was tried', () => {
  test.each<[string, BalancerPolicy]>([
    ['round robin', ROUND_ROBIN],
    ['least request', { kind: 'least-request', choices: 2 }],
    ['random', { kind: 'random' }],
    ['maglev', { kind: 'maglev', tableSize: 251 }],
    ['ring hash', { kind: 'ring-hash', minimumRingSize: 1024, maximumRingSize: 8_388_608 }],
  ])('is not tried again while there are others: %s', (_name, balancer) => {
    const { cluster } = clusterOf([zone(0, 4)], { balancer });
    for (let key = 0; key < 50; key += 1) {
      const excluded: TrackedEndpoint[] = [];
      for (let i = 0; i < 4; i += 1) {
        const endpoint = cluster.pick({ ...ANY_REQUEST, excluded, hash: hashText(`${key}`, 1) })!;
        expect(excluded).not.toContain(endpoint);
        excluded.push(endpoint);
      }
      expect(cluster.pick({ ...ANY_REQUEST, excluded })).toBeDefined();
    }
  });
});

describe('localities', () => {
  const weighted = { ...DEFAULT_LOCALITY, weighted: true };

  /** From "Locality weighted load balancing" in Envoy's documentation: weights 1 and 2, the second of so much health. */
  test.each([
    [100, 33, 67],
    [70, 34, 66],
    [50, 42, 58],
    [20, 64, 36],
    [0, 100, 0],
  ])('share by weight and health: %i %% of the second give %i to %i', (percent, first, second) => {
    const { cluster } = clusterOf([zone(0, 10), zone(1, 10, { weight: 2 })], {
      locality: { ...weighted, panicThreshold: 0 },
    });
    for (const endpoint of cluster.endpoints.slice(10 + percent / 10)) eject(endpoint);
    const got = zones(cluster);
    expect(Math.abs((got['z0'] ?? 0) - first)).toBeLessThan(2);
    expect(Math.abs((got['z1'] ?? 0) - second)).toBeLessThan(2);
  });

  test('share by weight for requests with a key, each key always in one', () => {
    const balancer: BalancerPolicy = { kind: 'maglev', tableSize: 65_537 };
    const { cluster } = clusterOf([zone(0, 5), zone(1, 5, { weight: 3 })], { locality: weighted, balancer });
    expect(Math.abs(zones(cluster, true)['z1']! - 75)).toBeLessThan(3);
    const hash = hashText('somebody', 1);
    const owners = new Set(Array.from({ length: 20 }, () => cluster.pick({ ...ANY_REQUEST, hash })));
    expect(owners.size).toBe(1);
  });

  test('without a weight get nothing where there are weights, and a share where nobody asks for weights', () => {
    const told = [zone(0, 5), zone(1, 5, { weight: 0 })];
    expect(zones(clusterOf(told, { locality: weighted }).cluster)).toEqual({ z0: expect.closeTo(100) });
    expect(zones(clusterOf(told).cluster)['z1']).toBeCloseTo(50, 0);
  });
});

describe('priorities', () => {
  test('the next one gets what the first cannot carry', () => {
    const { cluster } = clusterOf([zone(0, 10), zone(1, 10, { priority: 1 })]);
    expect(zones(cluster)).toEqual({ z0: expect.closeTo(100) });
    for (const endpoint of cluster.endpoints.slice(0, 5)) eject(endpoint);
    const half = zones(cluster);
    expect(Math.abs(half['z0']! - 70)).toBeLessThan(4);
    for (const endpoint of cluster.endpoints.slice(5, 10)) eject(endpoint);
    expect(zones(cluster)).toEqual({ z1: expect.closeTo(100) });
  });

  test('a gap between two is an empty priority', () => {
    const { cluster } = clusterOf([zone(0, 3, { priority: 2 })]);
    expect(zones(cluster)).toEqual({ z0: expect.closeTo(100) });
  });

  test('an endpoint of the first is let back while the second carries the traffic; not the other way round', () => {
    const { cluster, clock } = clusterOf([zone(0, 1), zone(1, 2, { priority: 1 })], {
      locality: { ...DEFAULT_LOCALITY, panicThreshold: 0 },
    });
    const [first, , spare] = cluster.endpoints;
    eject(first!);
    eject(spare!);
    clock.advance(30_000);
    const trial = cluster.pick(ANY_REQUEST)!;
    expect(trial).toBe(first);
    tries(trial, 'success');
    expect(Array.from({ length: 20 }, () => cluster.pick(ANY_REQUEST))).not.toContain(spare);
  });
});

describe('panic', () => {
  const half = (cluster: EndpointCluster): void => cluster.endpoints.slice(0, 6).forEach(eject);

  test('below the threshold, everybody is picked', () => {
    const { cluster } = clusterOf([zone(0, 10)]);
    half(cluster);
    expect(cluster.panic).toBe(true);
    expect(new Set(Array.from({ length: 100 }, () => cluster.pick(ANY_REQUEST))).size).toBe(10);
  });

  test('a threshold of 0 never', () => {
    const { cluster } = clusterOf([zone(0, 10)], { locality: { ...DEFAULT_LOCALITY, panicThreshold: 0 } });
    half(cluster);
    expect(new Set(Array.from({ length: 100 }, () => cluster.pick(ANY_REQUEST))).size).toBe(4);
    for (const endpoint of cluster.endpoints.slice(6)) eject(endpoint);
    expect(cluster.pick(ANY_REQUEST)).toBeUndefined();
  });

  test('nobody, when traffic is to fail then', () => {
    const { cluster } = clusterOf([zone(0, 10)], {
      locality: { ...DEFAULT_LOCALITY, failTrafficOnPanic: true },
    });
    half(cluster);
    expect(cluster.pick(ANY_REQUEST)).toBeUndefined();
  });
});

describe('an ejected endpoint', () => {
  test('gets exactly one request when its time is over, and all of its traffic after', () => {
    const { cluster, clock } = clusterOf([zone(0, 5)]);
    const bad = cluster.endpoints[2]!;
    eject(bad);
    expect(Array.from({ length: 50 }, () => cluster.pick(ANY_REQUEST))).not.toContain(bad);
    clock.advance(30_000);
    const trial = cluster.pick(ANY_REQUEST)!;
    const start = trial.begin();
    expect(trial).toBe(bad);
    expect(Array.from({ length: 50 }, () => cluster.pick(ANY_REQUEST))).not.toContain(bad);
    trial.end(start, 'success');
    expect(Array.from({ length: 5 }, () => cluster.pick(ANY_REQUEST))).toContain(bad);
  });

  test.each<[string, BalancerPolicy]>([
    ['maglev', { kind: 'maglev', tableSize: 65_537 }],
    ['ring hash', { kind: 'ring-hash', minimumRingSize: 1024, maximumRingSize: 8_388_608 }],
  ])('by key gives its keys to others, and gets them back by one of its own: %s', (_name, balancer) => {
    const { cluster, clock } = clusterOf([zone(0, 5)], { balancer });
    const keys = Array.from({ length: 500 }, (_, i) => hashText(`key-${i}`, 5));
    const owners = () => keys.map((hash) => cluster.pick({ ...ANY_REQUEST, hash })!);
    const before = owners();
    const bad = cluster.endpoints[1]!;
    eject(bad);
    owners().forEach((owner, i) => {
      if (before[i] === bad) expect(owner).not.toBe(bad);
      else expect(owner).toBe(before[i]);
    });
    clock.advance(30_000);
    const trials = owners().flatMap((owner, i) => (owner === bad ? [before[i]] : []));
    expect(trials).toEqual([bad]);
    tries(bad, 'success');
    expect(owners()).toEqual(before);
  });
});

describe('an update', () => {
  test('keeps what is known of endpoints that stay, and takes their new weight', () => {
    const { cluster } = clusterOf([zone(0, 3)]);
    const [gone, stays] = cluster.endpoints;
    tries(stays!, 'success');
    cluster.replaceEndpoints([{ ...zone(0, 3), endpoints: [{ ...addressOf(1), weight: 7 }, addressOf(9)] }]);
    expect(cluster.endpoints[0]).toBe(stays);
    expect(stays!.weight).toBe(7);
    expect([gone!.removed, stays!.removed]).toEqual([true, false]);
  });

  test('does not let an ejected endpoint back, unless somebody else is there now', () => {
    const { cluster } = clusterOf([zone(0, 4)]);
    const bad = cluster.endpoints[0]!;
    eject(bad);
    cluster.replaceEndpoints([zone(0, 4)]);
    expect(Array.from({ length: 20 }, () => cluster.pick(ANY_REQUEST))).not.toContain(bad);
    const workload = {
      workload: 'other',
      namespace: 'n',
      canonicalName: 'c',
      canonicalRevision: 'v',
      cluster: 'k',
    };
    cluster.replaceEndpoints([{ ...zone(0, 1), endpoints: [{ ...addressOf(0), workload }] }]);
    expect(cluster.pick(ANY_REQUEST)).toBe(cluster.endpoints[0]);
    expect(cluster.endpoints[0]).not.toBe(bad);
  });

  test('of an address told twice makes one endpoint', () => {
    const { cluster } = clusterOf([zone(0, 2), { ...zone(0, 2), priority: 1 }]);
    expect(cluster.endpoints.map(({ key, priority }) => `${key} ${priority}`)).toEqual([
      '10.0.0.0:80 0',
      '10.0.0.1:80 0',
    ]);
  });
});

describe('a change of configuration', () => {
  test('serves requests that hold what the cluster was before', () => {
    const { cluster, clock, random, policy } = clusterOf([zone(0, 4)]);
    const next = new EndpointCluster(policy, clock, random, cluster);
    next.replaceEndpoints([zone(1, 2)]);
    expect(zones(cluster)).toEqual({ z1: expect.closeTo(100) });
  });

  test('keeps endpoints, ejections and breakers', () => {
    const { cluster, clock, random, policy } = clusterOf([zone(0, 4)]);
    const bad = cluster.endpoints[0]!;
    eject(bad);
    const next = new EndpointCluster({ ...policy, balancer: { kind: 'random' } }, clock, random, cluster);
    expect(next.endpoints).toEqual(cluster.endpoints);
    expect(next.breakers).toBe(cluster.breakers);
    expect(Array.from({ length: 50 }, () => next.pick(ANY_REQUEST))).not.toContain(bad);
    clock.advance(30_000);
    expect(next.pick(ANY_REQUEST)).toBe(bad);
  });

  test('that ends outlier detection lets everybody back', () => {
    const { cluster, clock, random, policy } = clusterOf([zone(0, 4)]);
    const bad = cluster.endpoints[0]!;
    eject(bad);
    const next = new EndpointCluster({ ...policy, outlier: undefined }, clock, random, cluster);
    expect(Array.from({ length: 50 }, () => next.pick(ANY_REQUEST))).toContain(bad);
  });
});

/** The scenarios that the balancers and outlier detection are judged by, in virtual time. */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { NO_RETRY } from '#sidecar/routing/retry-policy.ts';
import { type BalancerPolicy, DEFAULT_POLICY } from '#sidecar/upstream/balancer.ts';
import { EndpointCluster } from '#sidecar/upstream/endpoint-cluster.ts';
import { oneLocality } from '#sidecar/upstream/locality/locality-endpoints.ts';
import { DEFAULT_OUTLIER, type OutlierPolicy } from '#sidecar/upstream/outlier/outlier-policy.ts';
import { addressOf, policyOf } from '#sidecar/upstream/testing/endpoints.ts';
import { keyOf } from '#sidecar/upstream/tracked-endpoint.ts';
import { Client, type Ended } from './client.ts';
import { Invariants } from './invariants.ts';
import { seedOfRun } from './seed.ts';
import { type Condition, Server, WELL } from './server.ts';
import { VirtualClock } from './virtual-clock.ts';

const run = seedOfRun();
const SEEDS = [run, run + 1, run + 2, run + 3];
const PER_SECOND = 300;

interface Stage {
  readonly untilS: number;
  readonly condition: Condition;
}

/** Sends at a constant rate to servers of 5 ms, the first of which goes through these stages. */
function play(options: {
  seed: number;
  servers: number;
  balancer: BalancerPolicy;
  outlier?: OutlierPolicy;
  stages: readonly Stage[];
}) {
  const clock = new VirtualClock();
  const random = seededRandom(options.seed);
  const invariants = new Invariants(clock);
  const servers = Array.from({ length: options.servers }, (_, i) => new Server(addressOf(i), 5));
  const byKey = new Map(servers.map((each) => [keyOf(each.address.address, each.address.port), each]));
  const policy = policyOf({ balancer: options.balancer, outlier: options.outlier });
  const cluster = new EndpointCluster(policy, clock, random, undefined, invariants);
  cluster.replaceEndpoints(oneLocality(servers.map(({ address }) => address)));
  const requests: Ended[] = [];
  const client = new Client({
    clock,
    random,
    cluster: () => cluster,
    serverAt: (key) => byKey.get(key),
    retry: NO_RETRY,
    invariants,
    onEnd: (request) => requests.push(request),
  });
  const send = (): void => {
    client.send();
    clock.after(1_000 / PER_SECOND, send);
  };
  send();
  const first = servers[0]!;
  const tries = options.stages.map(({ untilS, condition }) => {
    const before = first.tries;
    first.condition = condition;
    clock.runUntil(untilS * 1_000);
    return first.tries - before;
  });
  const between = (fromS: number, toS: number): Ended[] =>
    requests.filter(({ startMs }) => startMs >= fromS * 1_000 && startMs < toS * 1_000);
  return { requests, between, tries, invariants };
}

function shareUnder(ms: number, requests: readonly Ended[]): number {
  return requests.filter((each) => each.outcome === 'success' && each.tookMs < ms).length / requests.length;
}

function errorShare(requests: readonly Ended[]): number {
  return requests.filter(({ outcome }) => outcome !== 'success').length / requests.length;
}

describe.each(SEEDS)('one of ten endpoints slowed from 5 ms to 500 ms for 30 s of 60, seed %i', (seed) => {
  const stages = [
    { untilS: 15, condition: WELL },
    { untilS: 45, condition: { kind: 'slow', factor: 100 } as const },
    { untilS: 60, condition: WELL },
  ];

  test('leaves 99.5 % of the requests under 100 ms with the default balancer, of those 30 s as of all', () => {
    const { between } = play({ seed, servers: 10, balancer: DEFAULT_POLICY, stages });
    expect(shareUnder(100, between(15, 45))).toBeGreaterThanOrEqual(0.995);
    expect(shareUnder(100, between(0, 60))).toBeGreaterThanOrEqual(0.995);
  });

  test('costs round robin a tenth of the requests, and least request fewer', () => {
    const roundRobin = play({ seed, servers: 10, balancer: { kind: 'round-robin' }, stages });
    const leastRequest = play({
      seed,
      servers: 10,
      balancer: { kind: 'least-request', choices: 2 },
      stages,
    });
    expect(shareUnder(100, roundRobin.between(15, 45))).toBeCloseTo(0.9, 2);
    const ofLeast = shareUnder(100, leastRequest.between(15, 45));
    expect(ofLeast).toBeGreaterThan(0.95);
    expect(ofLeast).toBeLessThan(0.995);
  });
});

describe.each(SEEDS)('one of five endpoints answering 503 for two minutes, no retries, seed %i', (seed) => {
  const outlier = { ...DEFAULT_OUTLIER, maxEjectionPercent: 50 };
  const stages = [
    { untilS: 10, condition: WELL },
    { untilS: 130, condition: { kind: 'refusing' } as const },
    { untilS: 300, condition: WELL },
  ];

  test.each<[string, BalancerPolicy]>([
    ['the default balancer', DEFAULT_POLICY],
    ['round robin', { kind: 'round-robin' }],
    ['least request', { kind: 'least-request', choices: 2 }],
    ['random', { kind: 'random' }],
  ])('is ejected, errors stay below 0.1 %%, and it comes back by one trial: %s', (_name, balancer) => {
    const { between, tries, invariants } = play({ seed, servers: 5, balancer, outlier, stages });
    expect(errorShare(between(10, 11))).toBeGreaterThan(0);
    expect(errorShare(between(12, 130))).toBeLessThan(0.001);
    expect(errorShare(between(130, 300))).toBe(0);
    expect(tries[1]).toBeLessThan(20);
    expect(tries[2]).toBeGreaterThan(1_000);
    expect(invariants.returns).toBe(1);
    expect(invariants.trials).toBeGreaterThanOrEqual(2);
  });
});

test('the same without outlier detection: the default balancer alone keeps errors low, round robin does not', () => {
  const stages = [{ untilS: 60, condition: { kind: 'refusing' } as const }];
  const ewma = play({ seed: run, servers: 5, balancer: DEFAULT_POLICY, stages });
  const turns = play({ seed: run, servers: 5, balancer: { kind: 'round-robin' }, stages });
  expect(errorShare(ewma.requests)).toBeLessThan(0.01);
  expect(errorShare(turns.requests)).toBeCloseTo(0.2, 2);
});

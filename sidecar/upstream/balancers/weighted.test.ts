import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { BalancerPolicy } from '../balancer.ts';
import { DEFAULT_PEAK_EWMA } from '../load-estimate.ts';
import { balancerOf, endpointsOf } from '../testing/endpoints.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';

const SLOW_START = { windowMs: 60_000, aggression: 1, minWeightPercent: 10 };
const POLICIES: readonly (BalancerPolicy & {
  kind: 'peak-ewma' | 'least-request' | 'round-robin' | 'random';
})[] = [
  { kind: 'round-robin' },
  { kind: 'least-request', choices: 2 },
  { kind: 'random' },
  { kind: 'peak-ewma', ewma: DEFAULT_PEAK_EWMA },
];

/** Shares that endpoints of 5 ms ± 20 % get of `count` requests, one each 10 ms. */
function shares(
  policy: BalancerPolicy,
  endpoints: readonly TrackedEndpoint[],
  clock: ManualClock,
  count: number,
  seed = 1,
): number[] {
  const random = seededRandom(seed);
  const balancer = balancerOf(policy, endpoints, clock, random);
  const got = endpoints.map(() => 0);
  for (let i = 0; i < count; i += 1) {
    const endpoint = balancer(undefined, 0);
    got[endpoints.indexOf(endpoint)]! += 1;
    const start = endpoint.begin();
    clock.advance(4 + 2 * random());
    endpoint.end(start, 'success');
    clock.advance(5);
  }
  return got.map((each) => each / count);
}

describe.each(POLICIES.map((policy) => [policy.kind, policy] as const))('%s', (_kind, policy) => {
  test.each([
    [[50, 50]],
    [[80, 20]],
    [[90, 10]],
    [[1, 1, 2]],
    [[1, 2, 3, 4]],
    [[10, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ])('shares by weights %j within four points', (weights) => {
    const clock = new ManualClock();
    const got = shares(policy, endpointsOf(weights, clock), clock, 6_000);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, weight] of weights.entries()) {
      expect(Math.abs(got[i]! - weight / total)).toBeLessThan(0.04);
    }
  });
});

test.each([[[90, 10]], [[3, 2, 1]]])('turns by weights %j are exact to within a point', (weights) => {
  const clock = new ManualClock();
  const got = shares({ kind: 'round-robin' }, endpointsOf(weights, clock), clock, 2_000);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    expect(Math.abs(got[i]! - weight / total)).toBeLessThan(0.01);
  }
});

describe.each<[string, BalancerPolicy]>([
  ['round robin', { kind: 'round-robin', slowStart: SLOW_START }],
  ['least request', { kind: 'least-request', choices: 2, slowStart: SLOW_START }],
  ['peak-EWMA', { kind: 'peak-ewma', ewma: DEFAULT_PEAK_EWMA, slowStart: SLOW_START }],
])('slow start with %s', (_name, policy) => {
  test('gives a new endpoint a little at first, and its whole share in the end', () => {
    const clock = new ManualClock();
    const old = endpointsOf([1, 1, 1], clock);
    clock.advance(120_000);
    const all = [...old, endpointsOf([1, 1, 1, 1], clock)[3]!];
    const early = shares(policy, all, clock, 600)[3]!;
    clock.advance(60_000);
    const late = shares(policy, all, clock, 2_000)[3]!;
    expect(early).toBeGreaterThan(0.01);
    expect(early).toBeLessThan(0.12);
    expect(Math.abs(late - 0.25)).toBeLessThan(0.06);
  });
});

test('least request with weights sends less where requests pile up', () => {
  const clock = new ManualClock();
  const endpoints = endpointsOf([1, 3], clock);
  for (let i = 0; i < 20; i += 1) endpoints[1]!.begin();
  const balancer = balancerOf({ kind: 'least-request', choices: 2 }, endpoints, clock, seededRandom(2));
  const got = Array.from({ length: 500 }, () => balancer(undefined, 0)).filter(
    (each) => each === endpoints[1],
  );
  expect(got.length / 500).toBeLessThan(0.3);
});

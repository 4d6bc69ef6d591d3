import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { DEFAULT_POLICY } from '../balancer.ts';
import type { Outcome } from '../endpoint.ts';
import { balancerOf, endpointsOf } from '../testing/endpoints.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';

const SEEDS = [1, 7, 42, 1234];

function oneTry(endpoint: TrackedEndpoint, clock: ManualClock, tookMs: number, outcome: Outcome): void {
  const start = endpoint.begin();
  clock.after(tookMs, () => endpoint.end(start, outcome));
}

describe.each(SEEDS)('seed %i', (seed) => {
  test('endpoints of a deployment, half of all, get less than half of what comes before they are known', () => {
    const clock = new ManualClock();
    const endpoints = endpointsOf(Array<number>(20).fill(1), clock);
    for (const known of endpoints.slice(0, 10)) oneTry(known, clock, 5, 'success');
    clock.advance(10);
    const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, seededRandom(seed));
    const picks = Array.from({ length: 2_000 }, () => endpoints.indexOf(balancer(undefined, 0)));
    const share = picks.filter((index) => index >= 10).length / picks.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.4);
  });

  test('endpoints of a deployment that are slow to begin with get one try each at a time', () => {
    const clock = new ManualClock();
    const random = seededRandom(seed);
    const endpoints = endpointsOf(Array<number>(20).fill(1), clock);
    for (const known of endpoints.slice(0, 10)) oneTry(known, clock, 5, 'success');
    clock.advance(10);
    const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, random);
    const fresh = new Set(endpoints.slice(10));
    let toFresh = 0;
    for (let i = 0; i < 100; i += 1) {
      const endpoint = balancer(undefined, 0);
      if (fresh.has(endpoint)) toFresh += 1;
      oneTry(endpoint, clock, fresh.has(endpoint) ? 2_000 : 5, 'success');
      clock.advance(2);
    }
    expect(toFresh).toBeLessThan(40);
    expect(toFresh).toBeGreaterThan(2);
  });

  test('an endpoint that stalled once is back after seconds, and has its share within the decay time', () => {
    const clock = new ManualClock();
    const endpoints = endpointsOf([1, 1, 1, 1, 1], clock);
    const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, seededRandom(seed));
    const stalled = endpoints[0]!;
    const share = (requests: number): number => {
      let picked = 0;
      for (let i = 0; i < requests; i += 1) {
        const endpoint = balancer(undefined, 0);
        if (endpoint === stalled) picked += 1;
        oneTry(endpoint, clock, 4 + (i % 3), 'success');
        clock.advance(4);
      }
      return picked / requests;
    };
    share(500);
    oneTry(stalled, clock, 500, 'success');
    clock.advance(501);
    expect(share(100)).toBeLessThan(0.05);
    share(500);
    expect(share(500)).toBeGreaterThan(0.03);
    share(3_000);
    expect(share(1_000)).toBeGreaterThan(0.15);
  });

  test('an endpoint that stays slow is looked at ever less often', () => {
    const clock = new ManualClock();
    const endpoints = endpointsOf([1, 1, 1, 1, 1], clock);
    const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, seededRandom(seed));
    const slow = endpoints[0]!;
    let looks = 0;
    while (clock.nowMs() < 60_000) {
      const endpoint = balancer(undefined, 0);
      if (endpoint === slow) looks += 1;
      oneTry(endpoint, clock, endpoint === slow ? 500 : 5, 'success');
      clock.advance(4);
    }
    expect(looks).toBeGreaterThan(3);
    expect(looks).toBeLessThan(20);
  });

  test('an endpoint that only ever failed is probed at growing pauses, up to the decay time', () => {
    const clock = new ManualClock();
    const endpoints = endpointsOf([1, 1, 1, 1], clock);
    const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, seededRandom(seed));
    const bad = endpoints[0]!;
    const probes: number[] = [];
    while (clock.nowMs() < 120_000) {
      const endpoint = balancer(undefined, 0);
      if (endpoint === bad) probes.push(clock.nowMs());
      oneTry(endpoint, clock, endpoint === bad ? 1 : 5, endpoint === bad ? 'connect-failure' : 'success');
      clock.advance(10);
    }
    const pauses = probes.slice(1).map((at, i) => at - probes[i]!);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(240);
    expect(Math.max(...pauses)).toBeLessThan(13_000);
    expect(probes.length).toBeGreaterThan(12);
    expect(probes.length).toBeLessThan(25);
  });
});

test('of two that are not known, the idle one is tried', () => {
  const clock = new ManualClock();
  const endpoints = endpointsOf([1, 1], clock);
  const balancer = balancerOf(DEFAULT_POLICY, endpoints, clock, seededRandom(3));
  endpoints[0]!.begin();
  for (let i = 0; i < 20; i += 1) expect(balancer(undefined, 0)).toBe(endpoints[1]);
});

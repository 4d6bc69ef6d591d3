import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type Random, seededRandom } from '#api/foundation/random.ts';
import { type BalancerPolicy, DEFAULT_POLICY, estimateOf } from './balancer.ts';
import type { Outcome } from './endpoint.ts';
import { balancerOf } from './testing/endpoints.ts';
import { TrackedEndpoint } from './tracked-endpoint.ts';

/** How an instance behaves at a given moment. */
type Behaviour = (nowMs: number, random: Random) => { readonly tookMs: number; readonly outcome: Outcome };

const steady =
  (tookMs: number, outcome: Outcome = 'success'): Behaviour =>
  (_now, random) => ({ tookMs: tookMs * (0.8 + 0.4 * random()), outcome });

/** Sends `requests` at `perSecond` (Poisson) to instances that behave so; how many each one got. */
function simulate(options: {
  instances: readonly Behaviour[];
  requests: number;
  perSecond: number;
  seed: number;
  policy?: BalancerPolicy;
}): number[] {
  const clock = new ManualClock();
  const random = seededRandom(options.seed);
  const policy = options.policy ?? DEFAULT_POLICY;
  const endpoints = options.instances.map(
    (_, i) =>
      new TrackedEndpoint(
        { address: `10.0.0.${i + 1}`, port: 80, workload: undefined, weight: 1 },
        undefined,
        estimateOf(policy),
        clock,
      ),
  );
  const balancer = balancerOf(policy, endpoints, clock, random);
  const got = options.instances.map(() => 0);
  for (let sent = 0; sent < options.requests; sent += 1) {
    clock.advance((-Math.log(1 - random()) * 1000) / options.perSecond);
    const endpoint = balancer(undefined, 0);
    const index = endpoints.indexOf(endpoint);
    const { tookMs, outcome } = options.instances[index]!(clock.nowMs(), random);
    got[index]! += 1;
    const start = endpoint.begin();
    clock.after(tookMs, () => endpoint.end(start, outcome));
  }
  return got;
}

const SEEDS = [1, 7, 42, 1234];
const nine = (behaviour: Behaviour): Behaviour[] => Array.from({ length: 9 }, () => behaviour);

describe.each(SEEDS)('peak-EWMA, seed %i', (seed) => {
  test('a slow instance among ten gets little traffic', () => {
    const got = simulate({
      instances: [steady(500), ...nine(steady(10))],
      requests: 5000,
      perSecond: 200,
      seed,
    });
    expect(got[0]! / 5000).toBeLessThan(0.01);
    expect(got[0]!).toBeGreaterThan(0);
  });

  test('an instance that fails fast gets little traffic', () => {
    const instances = [steady(1, 'server-error'), ...nine(steady(10))];
    const got = simulate({ instances, requests: 5000, perSecond: 200, seed });
    expect(got[0]! / 5000).toBeLessThan(0.01);
  });

  test('an instance that starts to fail fast under load loses its traffic', () => {
    const turning: Behaviour = (nowMs, random) =>
      nowMs < 5000 ? steady(10)(nowMs, random) : steady(0.5, 'connect-failure')(nowMs, random);
    const before = simulate({
      instances: [turning, ...nine(steady(10))],
      requests: 1000,
      perSecond: 200,
      seed,
    });
    const after = simulate({
      instances: [turning, ...nine(steady(10))],
      requests: 6000,
      perSecond: 200,
      seed,
    });
    expect((after[0]! - before[0]!) / 5000).toBeLessThan(0.02);
  });

  test('an instance that recovers is found again', () => {
    const healing: Behaviour = (nowMs, random) =>
      nowMs < 20_000 ? steady(1, 'reset')(nowMs, random) : steady(10)(nowMs, random);
    const got = simulate({
      instances: [healing, ...nine(steady(10))],
      requests: 40_000,
      perSecond: 200,
      seed,
    });
    expect(got[0]! / 40_000).toBeGreaterThan(0.02);
  });

  test('equal instances share alike', () => {
    const got = simulate({ instances: nine(steady(10)), requests: 9000, perSecond: 900, seed });
    for (const share of got) {
      expect(share).toBeGreaterThan(600);
      expect(share).toBeLessThan(1500);
    }
  });

  test('an instance with an error now and then keeps a fair part', () => {
    const flaky: Behaviour = (_now, random) =>
      steady(10, random() < 0.01 ? 'server-error' : 'success')(_now, random);
    const got = simulate({ instances: [flaky, ...nine(steady(10))], requests: 10_000, perSecond: 500, seed });
    expect(got[0]! / 10_000).toBeGreaterThan(0.03);
  });
});

test.each([
  ['round-robin', { kind: 'round-robin' }],
  ['random', { kind: 'random' }],
  ['least-request', { kind: 'least-request', choices: 2 }],
] as const)('%s spreads evenly over equal instances', (_name, policy) => {
  const got = simulate({ instances: nine(steady(10)), requests: 9000, perSecond: 900, seed: 5, policy });
  for (const share of got) expect(Math.abs(share - 1000)).toBeLessThan(150);
});

test('least request avoids the instance where requests pile up', () => {
  const policy = { kind: 'least-request', choices: 2 } as const;
  const got = simulate({
    instances: [steady(2000), ...nine(steady(10))],
    requests: 5000,
    perSecond: 200,
    seed: 3,
    policy,
  });
  expect(got[0]! / 5000).toBeLessThan(0.05);
});

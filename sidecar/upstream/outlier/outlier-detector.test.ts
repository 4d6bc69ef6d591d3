import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { Outcome } from '../endpoint.ts';
import { endpointsOf } from '../testing/endpoints.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { OutlierDetector } from './outlier-detector.ts';
import { DEFAULT_OUTLIER, type OutlierPolicy } from './outlier-policy.ts';

const ROOMY: OutlierPolicy = { ...DEFAULT_OUTLIER, maxEjectionPercent: 100 };

function watch(count: number, changes: Partial<OutlierPolicy> = {}) {
  const clock = new ManualClock();
  const events: string[] = [];
  const listener = {
    onEjected: (endpoint: TrackedEndpoint, cause: string, durationMs: number) =>
      events.push(`${endpoint.key} out: ${cause}, ${durationMs / 1000} s`),
    onReturned: (endpoint: TrackedEndpoint) => events.push(`${endpoint.key} in`),
  };
  const detector = new OutlierDetector({ ...ROOMY, ...changes }, clock, seededRandom(1), listener);
  const endpoints = endpointsOf(Array<number>(count).fill(1), clock);
  detector.watch(endpoints);
  const tries = (index: number, ...outcomes: Outcome[]): void => {
    const endpoint = endpoints[index]!;
    for (const outcome of outcomes) endpoint.end(endpoint.begin(), outcome);
  };
  return { clock, events, detector, endpoints, tries };
}

const five = (outcome: Outcome): Outcome[] => Array<Outcome>(5).fill(outcome);

describe('failures in a row', () => {
  test.each<[string, Partial<OutlierPolicy>, Outcome[], string | undefined]>([
    ['five 500s', {}, five('server-error'), 'consecutive-5xx'],
    ['five 503s', {}, five('gateway-error'), 'consecutive-5xx'],
    ['five refused connections', {}, five('connect-failure'), 'consecutive-5xx'],
    [
      'five of all kinds',
      {},
      ['server-error', 'gateway-error', 'timeout', 'reset', 'connect-failure'],
      'consecutive-5xx',
    ],
    ['four', {}, ['server-error', 'server-error', 'server-error', 'server-error'], undefined],
    ['four, a success, one', {}, [...five('server-error').slice(1), 'success', 'server-error'], undefined],
    [
      'a caller that gave up does not break the row',
      {},
      [...five('server-error').slice(1), 'cancelled', 'server-error'],
      'consecutive-5xx',
    ],
    ['not enforced', { enforcingConsecutive5xx: 0 }, five('server-error'), undefined],
    ['none looked for', { consecutive5xx: 0 }, five('server-error'), undefined],
    [
      'gateway failures, sooner',
      { enforcingConsecutiveGatewayFailure: 100, consecutiveGatewayFailure: 2 },
      ['gateway-error', 'timeout'],
      'consecutive-gateway-failure',
    ],
    [
      'a 500 breaks a row of gateway failures',
      { enforcingConsecutiveGatewayFailure: 100, consecutiveGatewayFailure: 2 },
      ['gateway-error', 'server-error', 'gateway-error'],
      undefined,
    ],
    [
      'local-origin failures, split',
      { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 3 },
      ['connect-failure', 'timeout', 'reset'],
      'consecutive-local-origin-failure',
    ],
    [
      'an answer of any kind breaks a row of those',
      { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 3 },
      ['connect-failure', 'timeout', 'server-error', 'reset'],
      undefined,
    ],
    [
      'split, they are no 5xx',
      { splitExternalLocalOriginErrors: true, enforcingConsecutiveLocalOriginFailure: 0 },
      five('connect-failure'),
      undefined,
    ],
  ])('%s', (_name, changes, outcomes, cause) => {
    const { tries, events } = watch(3, changes);
    tries(0, ...outcomes);
    expect(events).toEqual(cause === undefined ? [] : [`10.0.0.0:80 out: ${cause}, 30 s`]);
  });
});

describe('rates', () => {
  const hundred = (failed: number): Outcome[] =>
    Array.from({ length: 100 }, (_, i) => (i % 2 === 0 && i < 2 * failed ? 'server-error' : 'success'));

  test('are judged at the end of an interval, and forgotten', () => {
    const { clock, tries, events } = watch(6);
    for (let i = 0; i < 5; i += 1) tries(i, ...hundred(0));
    tries(5, ...hundred(40));
    expect(events).toEqual([]);
    clock.advance(10_000);
    expect(events).toEqual(['10.0.0.5:80 out: success-rate, 30 s']);
  });

  test('of failures, whatever the others do', () => {
    const { clock, tries, events } = watch(5, {
      enforcingSuccessRate: 0,
      enforcingFailurePercentage: 100,
      failurePercentageThreshold: 30,
    });
    for (let i = 0; i < 5; i += 1) tries(i, ...hundred(i < 2 ? 40 : 0));
    clock.advance(10_000);
    expect(events.map((event) => event.split(',')[0])).toEqual([
      '10.0.0.0:80 out: failure-percentage',
      '10.0.0.1:80 out: failure-percentage',
    ]);
  });

  test('of connections, apart, when they are split', () => {
    const { clock, tries, events } = watch(6, { splitExternalLocalOriginErrors: true });
    const local = hundred(40).map((each): Outcome => (each === 'success' ? each : 'connect-failure'));
    for (let i = 0; i < 5; i += 1) tries(i, ...hundred(0));
    tries(5, ...local);
    clock.advance(10_000);
    expect(events).toEqual(['10.0.0.5:80 out: success-rate-local-origin, 30 s']);
  });
});

describe('how many may be out', () => {
  test.each<[string, Partial<OutlierPolicy>, number, number]>([
    ['a tenth of ten', { maxEjectionPercent: 10 }, 10, 1],
    ['a tenth of five is nobody', { maxEjectionPercent: 10 }, 5, 0],
    ['unless one is always allowed', { maxEjectionPercent: 10, alwaysEjectOneHost: true }, 5, 1],
    ['half', { maxEjectionPercent: 50 }, 5, 2],
    ['all', { maxEjectionPercent: 100 }, 5, 5],
    ['none', { maxEjectionPercent: 0 }, 5, 0],
  ])('%s', (_name, changes, count, expected) => {
    const { tries, detector, events } = watch(count, changes);
    for (let i = 0; i < count; i += 1) tries(i, ...five('server-error'));
    expect(events).toHaveLength(expected);
    expect(detector.counts).toEqual({
      ejections: expected,
      active: expected,
      overflow: count - expected,
      returned: 0,
    });
  });

  test('a chance is a chance', () => {
    const { tries, events } = watch(200, { enforcingConsecutive5xx: 50 });
    for (let i = 0; i < 200; i += 1) tries(i, ...five('server-error'));
    expect(events.length).toBeGreaterThan(70);
    expect(events.length).toBeLessThan(130);
  });
});

describe('when an ejection is over', () => {
  /** Ejected, and its time served. */
  function served(changes: Partial<OutlierPolicy> = {}) {
    const world = watch(3, changes);
    world.tries(0, ...five('server-error'));
    world.clock.advance(30_000);
    world.events.length = 0;
    return { ...world, endpoint: world.endpoints[0]! };
  }

  test('there is no trial before its time', () => {
    const { tries, clock, endpoints, detector } = watch(3);
    tries(0, ...five('server-error'));
    clock.advance(29_999);
    expect(endpoints[0]!.takeTrial()).toBe(false);
    clock.advance(1);
    expect(detector.trials).toEqual([endpoints[0]]);
    expect(endpoints[0]!.takeTrial()).toBe(true);
  });

  test('one try at a time is on trial, and its success brings the endpoint back', () => {
    const { endpoint, events, clock, detector } = served();
    expect([endpoint.takeTrial(), endpoint.takeTrial()]).toEqual([true, false]);
    const start = endpoint.begin();
    clock.advance(9_000);
    expect(endpoint.takeTrial()).toBe(false);
    expect(endpoint.health.serving).toBe(false);
    endpoint.end(start, 'success');
    expect(events).toEqual(['10.0.0.0:80 in']);
    expect(endpoint.health.serving).toBe(true);
    expect(detector.counts).toMatchObject({ active: 0, returned: 1 });
  });

  test('its failure ejects for longer, and each further one longer still, up to the longest', () => {
    const { endpoint, events, clock } = served({ maxEjectionTimeMs: 100_000 });
    for (let i = 0; i < 4; i += 1) {
      expect(endpoint.takeTrial()).toBe(true);
      endpoint.end(endpoint.begin(), 'server-error');
      clock.advance(100_000);
    }
    expect(events.map((event) => event.split(', ')[1])).toEqual(['60 s', '90 s', '100 s', '100 s']);
  });

  test('a trial that its caller gave up, or never began, is given again', () => {
    const { endpoint, clock } = served();
    endpoint.takeTrial();
    endpoint.end(endpoint.begin(), 'cancelled');
    expect(endpoint.takeTrial()).toBe(true);
    clock.advance(999);
    expect(endpoint.takeTrial()).toBe(false);
    clock.advance(1);
    expect(endpoint.takeTrial()).toBe(true);
  });

  test('a trial that lasts, such as a stream, does not keep the endpoint out', () => {
    const { endpoint, clock, events } = served();
    endpoint.takeTrial();
    endpoint.begin();
    clock.advance(10_000);
    expect(endpoint.takeTrial()).toBe(true);
    endpoint.end(endpoint.begin(), 'success');
    expect(events).toEqual(['10.0.0.0:80 in']);
  });

  test('tries from before say nothing', () => {
    const { tries, clock, endpoints, events } = watch(3);
    const before = endpoints[0]!.begin();
    tries(0, ...five('server-error'));
    clock.advance(30_000);
    endpoints[0]!.takeTrial();
    const start = endpoints[0]!.begin();
    endpoints[0]!.end(before, 'success');
    expect(events).toHaveLength(1);
    endpoints[0]!.end(start, 'success');
    expect(events).toHaveLength(2);
  });

  test('a failure that no enforced detector looks at does not fail the trial', () => {
    const changes = {
      enforcingConsecutive5xx: 0,
      enforcingSuccessRate: 0,
      enforcingConsecutiveGatewayFailure: 100,
    };
    const { tries, clock, endpoints, events } = watch(3, changes);
    tries(0, ...five('gateway-error'));
    clock.advance(30_000);
    endpoints[0]!.takeTrial();
    tries(0, 'server-error');
    expect(events.at(-1)).toBe('10.0.0.0:80 in');
  });

  test('the next ejection is shorter again after quiet intervals', () => {
    const { endpoint, tries, events, clock } = served();
    endpoint.takeTrial();
    tries(0, 'server-error');
    clock.advance(60_000);
    endpoint.takeTrial();
    tries(0, 'success');
    clock.advance(20_000);
    tries(0, ...five('server-error'));
    expect(events.at(-1)).toBe('10.0.0.0:80 out: consecutive-5xx, 30 s');
  });
});

test('jitter is added, up to its limit', () => {
  const { tries, events } = watch(50, { maxEjectionTimeJitterMs: 5_000 });
  for (let i = 0; i < 50; i += 1) tries(i, ...five('server-error'));
  const seconds = events.map((event) => Number.parseFloat(event.split(', ')[1]!));
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(30);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(35);
  expect(new Set(seconds).size).toBeGreaterThan(25);
});

test('nobody is watched any more after a stop, and no timer is left', () => {
  const { tries, detector, events, clock } = watch(3);
  detector.stop();
  clock.after = () => {
    throw new Error('a sweep was scheduled');
  };
  tries(0, ...five('server-error'));
  clock.advance(60_000);
  expect(events).toEqual([]);
});

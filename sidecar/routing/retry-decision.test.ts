import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { backoffMs } from './retry-backoff.ts';
import { retriesConnectFailure, retriesReset, retriesStatus } from './retry-decision.ts';
import { DEFAULT_BACKOFF, NO_CONDITIONS, type RetryConditions } from './retry-policy.ts';

const STATUSES = [200, 400, 408, 409, 429, 500, 501, 502, 503, 504, 505];

describe('retry decision', () => {
  test.each<[string, Partial<RetryConditions>, number[], boolean, boolean]>([
    ['nothing', {}, [], false, false],
    ['connect-failure', { connectFailure: true }, [], false, true],
    ['reset', { reset: true }, [], true, true],
    ['reset-before-request', { resetBeforeRequest: true }, [], false, true],
    ['retriable-4xx', { retriable4xx: true }, [409], false, false],
    ['gateway-error', { gatewayError: true }, [502, 503, 504], true, true],
    ['5xx', { any5xx: true }, [500, 501, 502, 503, 504, 505], true, true],
    ['retriable-status-codes', { statuses: new Set([429, 503]) }, [429, 503], false, false],
    ['two words', { connectFailure: true, statuses: new Set([503]) }, [503], false, true],
  ])('%s', (_, conditions, statuses, reset, connectFailure) => {
    const on = { ...NO_CONDITIONS, ...conditions };
    expect(STATUSES.filter((status) => retriesStatus(on, status))).toEqual(statuses);
    expect(retriesReset(on)).toBe(reset);
    expect(retriesConnectFailure(on)).toBe(connectFailure);
  });
});

describe('retry back-off', () => {
  test.each([
    [1, 25],
    [2, 50],
    [3, 100],
    [4, 200],
    [5, 250],
    [25, 250],
  ])('retry %i waits anything up to %i ms', (retry, ceilingMs) => {
    const random = seededRandom(retry);
    const waits = Array.from({ length: 1000 }, () => backoffMs(DEFAULT_BACKOFF, retry, random));
    expect(Math.min(...waits)).toBeLessThan(ceilingMs * 0.05);
    expect(Math.max(...waits)).toBeGreaterThan(ceilingMs * 0.95);
    expect(Math.max(...waits)).toBeLessThan(ceilingMs);
  });
});

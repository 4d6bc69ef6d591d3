import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { NO_RETRY, type RetryConditions } from './retry-policy.ts';
import { forward, refusalsOf } from './testing/tables.ts';

const previousHosts = { name: 'envoy.retry_host_predicates.previous_hosts' };

test('no retry by default', () => {
  expect(forward({}).retry).toBe(NO_RETRY);
});

test.each<[string, JsonObject, object]>([
  ['one retry unless said', { retry_on: 'connect-failure' }, { attempts: 1, otherHosts: false }],
  [
    "Istio's default",
    {
      retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
      num_retries: 2,
      retry_host_predicate: [previousHosts],
      host_selection_retry_max_attempts: '5',
    },
    { attempts: 2, otherHosts: true, on: { connectFailure: true, reset: false, any5xx: false } },
  ],
  ['no retries', { retry_on: '5xx', num_retries: 0 }, { attempts: 0 }],
  ['no condition that can come up', { retry_on: 'cancelled', num_retries: 3 }, { attempts: 0 }],
  ['no condition at all', { num_retries: 3 }, { attempts: 0 }],
  ['a time per try', { retry_on: '5xx', per_try_timeout: '0.25s' }, { perTryTimeoutMs: 250 }],
  ['a time per try without retries', { per_try_timeout: '2s' }, { attempts: 0, perTryTimeoutMs: 2000 }],
  ['a time per try beyond the route timeout', { per_try_timeout: '15s' }, { perTryTimeoutMs: 0 }],
  ['back-off', {}, { backoff: { baseMs: 25, maxMs: 250 } }],
  [
    'back-off from a base',
    { retry_back_off: { base_interval: '0.1s' } },
    { backoff: { baseMs: 100, maxMs: 1000 } },
  ],
  [
    'back-off between two',
    { retry_back_off: { base_interval: '0.1s', max_interval: '0.3s' } },
    { backoff: { baseMs: 100, maxMs: 300 } },
  ],
])('%s', (_name, retry_policy, expected) => {
  expect(forward({ retry_policy }).retry).toMatchObject(expected);
});

test('without a route timeout every time per try counts', () => {
  const { retry } = forward({ timeout: '0s', retry_policy: { per_try_timeout: '60s' } });
  expect(retry.perTryTimeoutMs).toBe(60_000);
});

describe('retry_on', () => {
  type Condition = Exclude<keyof RetryConditions, 'statuses'>;
  const reset: Condition[] = ['connectFailure', 'reset', 'resetBeforeRequest'];
  test.each<[string, Condition[]]>([
    ['connect-failure', ['connectFailure']],
    ['reset-before-request', ['connectFailure', 'resetBeforeRequest']],
    ['reset', reset],
    ['gateway-error', [...reset, 'gatewayError']],
    ['5xx', [...reset, 'gatewayError', 'any5xx']],
    ['retriable-4xx', ['retriable4xx']],
    [' connect-failure , retriable-4xx,', ['connectFailure', 'retriable4xx']],
    [
      'refused-stream,envoy-ratelimited,cancelled,deadline-exceeded,internal,resource-exhausted,unavailable',
      [],
    ],
  ])('%s', (retry_on, expected) => {
    const { statuses, ...on } = forward({ retry_policy: { retry_on } }).retry.on;
    const conditions = Object.entries(on).flatMap(([name, set]) => (set ? [name] : []));
    expect(conditions.sort()).toEqual(expected.sort());
    expect(statuses.size).toBe(0);
  });

  test('named status codes', () => {
    const { retry } = forward({
      retry_policy: { retry_on: 'retriable-status-codes', retriable_status_codes: [503, 429] },
    });
    expect([...retry.on.statuses]).toEqual([503, 429]);
    expect(retry.attempts).toBe(1);
  });
});

test.each<[JsonObject, string]>([
  [{ retry_on: 'retriable-headers' }, 'retry_on: retriable-headers is not supported'],
  [{ retry_on: 'often' }, 'retry_on: often is not supported'],
  [{ num_retries: 1000 }, 'num_retries: must be at most 25'],
  [{ per_try_timeout: '-1s' }, 'per_try_timeout: must not be negative'],
  [{ per_try_idle_timeout: '1s' }, 'per_try_idle_timeout: not supported'],
  [{ retry_priority: { name: 'x' } }, 'retry_priority: not supported'],
  [{ retry_host_predicate: [{ name: 'x' }] }, 'retry_host_predicate[0]: x is not supported'],
  [{ retry_options_predicates: [{ name: 'x' }] }, 'retry_options_predicates: not supported'],
  [{ retriable_headers: [{ name: 'x' }] }, 'retriable_headers: not supported'],
  [{ retriable_request_headers: [{ name: 'x' }] }, 'retriable_request_headers: not supported'],
  [{ rate_limited_retry_back_off: {} }, 'rate_limited_retry_back_off: not supported'],
  [
    { retriable_status_codes: [503] },
    'retriable_status_codes: retry_on does not name retriable-status-codes',
  ],
  [
    { retry_on: 'retriable-status-codes', retriable_status_codes: [600] },
    'retriable_status_codes: 600 is not a status code',
  ],
  [{ retry_back_off: {} }, 'retry_back_off.base_interval: must be above 0'],
  [
    { retry_back_off: { base_interval: '1s', max_interval: '0.5s' } },
    'retry_back_off.max_interval: must not be below base_interval',
  ],
])('%o is refused', (retry_policy, reason) => {
  expect(refusalsOf({ route: { cluster: 'a', retry_policy } })).toEqual([`route.retry_policy.${reason}`]);
});

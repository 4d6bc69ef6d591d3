import { describe, expect, test } from 'vitest';
import { CONNECTION_LIMIT_ANNOTATIONS } from './connection-limits.ts';
import { ADAPTIVE_CONCURRENCY, LOCAL_RATE_LIMIT, limitsOf, wrongLimits } from './workload-limits.ts';

const NONE = { rateLimit: undefined, adaptiveConcurrency: false, connections: {} };
const EXAMPLE = '{"maxTokens":100,"tokensPerFill":100,"fillInterval":"1s"}';

describe('what annotations ask for', () => {
  test.each<[string, Record<string, string> | undefined, unknown]>([
    ['no annotations', undefined, NONE],
    ['others', { 'example.com/local-rate-limit': EXAMPLE }, NONE],
    [
      'a rate limit',
      { [LOCAL_RATE_LIMIT]: EXAMPLE },
      { ...NONE, rateLimit: { maxTokens: 100, tokensPerFill: 100, fillIntervalMs: 1000 } },
    ],
    [
      'one token at a time',
      { [LOCAL_RATE_LIMIT]: '{"maxTokens":5,"fillInterval":"0.05s"}' },
      { ...NONE, rateLimit: { maxTokens: 5, tokensPerFill: 1, fillIntervalMs: 50 } },
    ],
    ['adaptive concurrency', { [ADAPTIVE_CONCURRENCY]: 'true' }, { ...NONE, adaptiveConcurrency: true }],
    ['none', { [ADAPTIVE_CONCURRENCY]: 'false' }, NONE],
    [
      'limits on those who connect',
      {
        'traffic.weft.dev/request-headers-timeout': '5s',
        'traffic.weft.dev/request-timeout': '1m30s',
        'traffic.weft.dev/stream-idle-timeout': '0s',
        'traffic.weft.dev/idle-timeout': '24h',
        'traffic.weft.dev/max-stream-duration': '1ms',
        'traffic.weft.dev/max-connection-duration': '0',
        'traffic.weft.dev/max-requests-per-connection': '1000',
        'traffic.weft.dev/max-request-headers-kb': '256',
        'traffic.weft.dev/max-headers-count': '1',
        'traffic.weft.dev/max-request-bytes': '4294967295',
        'traffic.weft.dev/max-connections': '500',
      },
      {
        ...NONE,
        connections: {
          requestHeadersTimeout: 5_000,
          requestTimeout: 90_000,
          streamIdleTimeout: 0,
          idleTimeout: 86_400_000,
          maxStreamDuration: 1,
          maxConnectionDuration: 0,
          maxRequestsPerConnection: 1000,
          maxRequestHeadersKb: 256,
          maxHeadersCount: 1,
          maxRequestBytes: 0xffff_ffff,
          maxConnections: 500,
        },
      },
    ],
  ])('%s', (_, annotations, limits) => {
    expect(limitsOf(annotations)).toEqual(limits);
    expect(wrongLimits(annotations)).toEqual([]);
  });
});

const SHAPE = 'must be a JSON object such as {"maxTokens":100,"tokensPerFill":100,"fillInterval":"1s"}';
const durationFrom = (min: string): string =>
  `must be a duration such as "30s", from ${min} to 24h, or "0s" for no limit`;
const countUpTo = (max: number): string =>
  `must be a whole number from 1 to ${max}; leave it out for the default`;
const DURATION = 'fillInterval: must be a duration such as "1s", from 50ms to 24h';

describe('what is wrong asks for nothing, and is told of', () => {
  test.each<[string, string, string]>([
    [LOCAL_RATE_LIMIT, '', SHAPE],
    [LOCAL_RATE_LIMIT, '100', SHAPE],
    [LOCAL_RATE_LIMIT, 'maxTokens: 5', SHAPE],
    [LOCAL_RATE_LIMIT, 'null', SHAPE],
    [
      LOCAL_RATE_LIMIT,
      '{"maxTokens":1,"fillInterval":"1s","burst":2}',
      'burst: unknown or unsupported field',
    ],
    [LOCAL_RATE_LIMIT, '{"maxTokens":1,"fillInterval":"49ms"}', DURATION],
    [LOCAL_RATE_LIMIT, '{"maxTokens":1,"fillInterval":"25h"}', DURATION],
    [LOCAL_RATE_LIMIT, '{"maxTokens":1,"fillInterval":"soon"}', DURATION],
    [ADAPTIVE_CONCURRENCY, 'yes', 'must be "true" or "false"'],
    ['traffic.weft.dev/request-timeout', '30', durationFrom('1ms')],
    ['traffic.weft.dev/idle-timeout', '-1s', durationFrom('2000ms')],
    ['traffic.weft.dev/idle-timeout', '25h', durationFrom('2000ms')],
    ['traffic.weft.dev/idle-timeout', '1999ms', durationFrom('2000ms')],
    ['traffic.weft.dev/stream-idle-timeout', '0.5ms', durationFrom('1ms')],
    ['traffic.weft.dev/max-headers-count', '1001', countUpTo(1000)],
    ['traffic.weft.dev/max-headers-count', '0', countUpTo(1000)],
    ['traffic.weft.dev/max-request-headers-kb', '96k', countUpTo(256)],
    ['traffic.weft.dev/max-request-bytes', '1Mi', countUpTo(0xffff_ffff)],
    ['traffic.weft.dev/max-connections', '', countUpTo(0xffff_ffff)],
    [
      'traffic.weft.dev/rate-limit',
      '1',
      `is not known; there are ${[LOCAL_RATE_LIMIT, ADAPTIVE_CONCURRENCY, ...CONNECTION_LIMIT_ANNOTATIONS.slice(0, -1)].join(', ')} and traffic.weft.dev/max-connections`,
    ],
  ])('%s: %s', (annotation, value, message) => {
    expect(limitsOf({ [annotation]: value })).toEqual(NONE);
    expect(wrongLimits({ [annotation]: value })).toEqual([{ annotation, message }]);
  });

  test('every mistake at once', () => {
    const value = '{"maxTokens":0,"tokensPerFill":1.5}';
    const [wrong] = wrongLimits({ [LOCAL_RATE_LIMIT]: value });
    expect(wrong?.message).toMatch(/^maxTokens: .+; tokensPerFill: .+; fillInterval: /);
  });

  test('a gateway limits those who connect', () => {
    const annotations = { 'inject.istio.io/templates': 'gateway', 'traffic.weft.dev/idle-timeout': '1m' };
    expect(wrongLimits(annotations)).toEqual([]);
    expect(limitsOf(annotations).connections).toEqual({ idleTimeout: 60_000 });
  });

  test('a gateway has no app to limit', () => {
    const annotations = { 'inject.istio.io/templates': 'gateway', [ADAPTIVE_CONCURRENCY]: 'true' };
    const message = 'is not supported at gateways: they have no app';
    expect(wrongLimits(annotations)).toEqual([{ annotation: ADAPTIVE_CONCURRENCY, message }]);
  });
});

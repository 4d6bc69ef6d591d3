import { describe, expect, test } from 'vitest';
import { ADAPTIVE_CONCURRENCY, LOCAL_RATE_LIMIT, limitsOf, wrongLimits } from './workload-limits.ts';

const NONE = { rateLimit: undefined, adaptiveConcurrency: false };
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
  ])('%s', (_, annotations, limits) => {
    expect(limitsOf(annotations)).toEqual(limits);
    expect(wrongLimits(annotations)).toEqual([]);
  });
});

const SHAPE = 'must be a JSON object such as {"maxTokens":100,"tokensPerFill":100,"fillInterval":"1s"}';
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
    [
      'traffic.weft.dev/rate-limit',
      '1',
      'is not known; there are traffic.weft.dev/local-rate-limit and traffic.weft.dev/adaptive-concurrency',
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

  test('at a gateway there is nothing to limit', () => {
    const annotations = { 'inject.istio.io/templates': 'gateway', [ADAPTIVE_CONCURRENCY]: 'true' };
    const message = 'is not supported at gateways: they have no app';
    expect(wrongLimits(annotations)).toEqual([{ annotation: ADAPTIVE_CONCURRENCY, message }]);
  });
});

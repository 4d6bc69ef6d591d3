import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LocalRateLimit } from './local-rate-limit.ts';
import { TokenBucket } from './token-bucket.ts';

test.each([
  ['a burst, then nothing', [0, 0, 0, 0], [true, true, true, false]],
  ['one more for each interval', [0, 0, 0, 50, 100, 100, 200], [true, true, true, false, true, false, true]],
  ['never more than its size', [10_000, 10_000, 10_000, 10_000], [true, true, true, false]],
  ['a clock that steps back gives nothing away', [500, 500, 500, 0, 500], [true, true, true, false, false]],
])('a bucket of 3, one every 100 ms: %s', (_, timesMs, expected) => {
  const bucket = new TokenBucket({ maxTokens: 3, tokensPerFill: 1, fillIntervalMs: 100 }, 0);
  expect(timesMs.map((nowMs) => bucket.take(nowMs))).toEqual(expected);
});

test('never lets more through than its size and its rate allow', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500)), fc.integer({ min: 1, max: 20 }), (pausesMs, maxTokens) => {
      const bucket = new TokenBucket({ maxTokens, tokensPerFill: 2, fillIntervalMs: 100 }, 0);
      let nowMs = 0;
      let taken = 0;
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs;
        if (bucket.take(nowMs)) taken += 1;
        expect(taken).toBeLessThanOrEqual(maxTokens + (2 * nowMs) / 100 + 1e-6);
      }
    }),
  );
});

test('a rate limit names itself to those that it turns away, and spares the share that it is not for', () => {
  const bucket = { maxTokens: 1, tokensPerFill: 1, fillIntervalMs: 1_000 };
  const limit = new LocalRateLimit({ name: 'front', bucket, status: 429, share: 500_000 }, 0);
  expect(limit.judge(0, 0.4)).toBeUndefined();
  expect(limit.judge(0, 0.4)).toEqual({
    status: 429,
    flag: 'RL',
    details: 'local_rate_limited',
    reason: 'rate limit "front" lets 1 requests through at once and 1 every 1000 ms',
  });
  expect(limit.judge(0, 0.5)).toBeUndefined();
  expect(limit.judge(1_000, 0)).toBeUndefined();
});

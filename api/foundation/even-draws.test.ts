import { describe, expect, test } from 'vitest';
import { evenDraws } from './even-draws.ts';
import { seededRandom } from './random.ts';

const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);

describe('even draws', () => {
  test.each([0.5, 0.1, 0.01, 0.8])('of each hundred, a share of %d is met exactly', (share) => {
    for (const seed of SEEDS) {
      const draw = evenDraws(seededRandom(seed));
      for (let round = 0; round < 20; round += 1) {
        const hits = Array.from({ length: 100 }, draw).filter((at) => at < share).length;
        expect(hits).toBe(Math.round(share * 100));
      }
    }
  });

  test('a share that is no whole percent is met in the long run', () => {
    const draw = evenDraws(seededRandom(1));
    const hits = Array.from({ length: 100_000 }, draw).filter((at) => at < 0.001).length;
    expect(Math.abs(hits - 100)).toBeLessThan(40);
  });

  test.each([2, 3, 10, 100])('who takes every %dth draw gets the share too', (period) => {
    const draw = evenDraws(seededRandom(7));
    const some = Array.from({ length: 1000 * period }, draw).filter((_, i) => i % period === 0);
    expect(Math.abs(some.filter((at) => at < 0.5).length - 500)).toBeLessThan(60);
  });

  test('stay in [0, 1)', () => {
    for (const chance of [0, 0.999_999_999_999]) {
      const draw = evenDraws(() => chance);
      for (let i = 0; i < 1000; i += 1) {
        const at = draw();
        expect(at >= 0 && at < 1).toBe(true);
      }
    }
  });
});

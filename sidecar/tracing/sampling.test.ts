import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { ALL, lotOf } from './sampling.ts';
import { Traced } from './testing/traced.ts';

const lot = (id: string): number => lotOf(Buffer.from(id), 0, id.length);

/** How many of `count` requests with the lines are recorded. */
function recorded(share: number, count: number, lines: (i: number) => string[]): number {
  const traced = new Traced({ share });
  let sum = 0;
  for (let i = 0; i < count; i++) if (traced.request(lines(i)).trace !== undefined) sum += 1;
  return sum;
}

/** Version 4, of a generator of its own. */
function uuids(seed: number): () => string {
  const random = seededRandom(seed);
  const digits = (count: number): string =>
    Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  return () => `${digits(8)}-${digits(4)}-4${digits(3)}-a${digits(3)}-${digits(12)}`;
}

describe('of requests of which nobody has decided', () => {
  test.each([0, 100, 10_000, 123_400, 500_000, ALL])('%i of a million are recorded', (share) => {
    const count = 20_000;
    const expected = (count * share) / ALL;
    const deviation = 5 * Math.sqrt((expected * (ALL - share)) / ALL);
    const next = uuids(3);
    expect(Math.abs(recorded(share, count, () => []) - expected)).toBeLessThanOrEqual(deviation);
    expect(
      Math.abs(recorded(share, count, () => [`x-request-id: ${next()}`]) - expected),
    ).toBeLessThanOrEqual(deviation);
  });

  test("the id decides as Envoy's sampler does: by its first digits, of ten thousand", () => {
    const next = uuids(5);
    for (let i = 0; i < 1_000; i++) {
      const id = next();
      const envoys = Number.parseInt(id.slice(0, 8), 16) % 10_000;
      for (const percent of [0.01, 1, 33.33, 99.99]) {
        expect(lot(id) < percent * 10_000).toBe(envoys < Math.round(percent * 100));
      }
    }
  });

  test('every hop decides alike, whatever its own dice say', () => {
    const next = uuids(9);
    const hops = [1, 2, 3].map((seed) => new Traced({ share: 300_000 }, seededRandom(seed)));
    for (let i = 0; i < 500; i++) {
      const lines = [`x-request-id: ${next()}`];
      const decisions = new Set(hops.map((hop) => hop.request(lines).trace !== undefined));
      expect(decisions.size).toBe(1);
    }
  });

  test.each([
    ['short', 'abc'],
    ['no digits', 'request-1'],
    ['empty', ''],
  ])('an id that is %s leaves it to the dice', (_name, id) => {
    expect(lot(id)).toBe(-1);
    const share = recorded(500_000, 2_000, () => [`x-request-id: ${id}`]) / 2_000;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.1);
  });

  test('a bit of the id beyond its first digits decides nothing', () => {
    expect(lot('deadbeef-0000-9000-8000-000000000000')).toBe(lot('deadbeef-ffff-4fff-bfff-ffffffffffff'));
  });
});

describe('x-client-trace-id', () => {
  test('has a share of its own', () => {
    const line = ['x-client-trace-id: 7'];
    expect(new Traced({ share: 0, clientShare: ALL }).request(line).trace).toBeDefined();
    expect(new Traced({ share: 0, clientShare: 0 }).request(line).trace).toBeUndefined();
  });

  test('does not overrule a decision', () => {
    const lines = ['x-client-trace-id: 7', 'b3: 0'];
    expect(new Traced({ clientShare: ALL }).request(lines).trace).toBeUndefined();
  });
});

test('x-envoy-force-trace is nobody’s to send', () => {
  expect(new Traced({ share: 0 }).request(['x-envoy-force-trace: 1']).trace).toBeUndefined();
});

import { expect, test } from 'vitest';
import { interleave, peersOf, ratios, type Sample } from './interleave.ts';

/** A subject that writes down when it is driven, and costs what the list says, round by round. */
function subjectOf(name: string, costs: readonly number[], log: string[]) {
  let calls = 0;
  return {
    name,
    version: '1',
    async sample(seconds: number): Promise<Sample> {
      log.push(`${name} ${seconds}`);
      const cost = calls === 0 ? 9_999 : costs[calls - 1]!;
      calls += 1;
      return { cost, rate: 1 / cost };
    },
  };
}

const plan = { rounds: 3, seconds: 1, warmUpSeconds: 2, mainFigure: 'cost', progress: () => {} };

test('warms everybody up, then takes turns, and leaves the warm-up out of the figures', async () => {
  const log: string[] = [];
  const subjects = [subjectOf('weft', [10, 30, 20], log), subjectOf('haproxy', [20, 20, 20], log)];
  const measured = await interleave(subjects, [{ name: 'envoy', why: 'not here' }], plan);
  expect(log).toEqual([
    'weft 2',
    'haproxy 2',
    ...Array.from({ length: 3 }, () => ['weft 1', 'haproxy 1']).flat(),
  ]);
  expect(measured).toEqual({
    rounds: 3,
    subjects: [
      { name: 'weft', version: '1', cost: 20, rate: 0.05 },
      { name: 'haproxy', version: '1', cost: 20, rate: 0.05 },
    ],
    missing: [{ name: 'envoy', why: 'not here' }],
    ratios: { 'weft/haproxy': 1 },
  });
});

test('a failed sample fails the run', async () => {
  const broken = {
    ...subjectOf('weft', [], []),
    sample: () => Promise.reject(new Error('3 requests failed')),
  };
  await expect(interleave([broken], [], plan)).rejects.toThrow('3 requests failed');
});

test('compares the pairs that it is told, and no others', async () => {
  const subjects = [subjectOf('weft', [2, 2, 2], []), subjectOf('dark', [1, 1, 1], [])];
  const pairs = [['weft', 'dark']] as const;
  expect((await interleave(subjects, [], { ...plan, pairs })).ratios).toEqual({ 'weft/dark': 2 });
});

test('weft is compared with those that run in the same way, and peers not with one another', () => {
  const one = (cost: number): Sample[] => [{ cost }];
  const samples = new Map([
    ['weft', one(1)],
    ['haproxy', one(2)],
    ['envoy', one(4)],
    ['weft-inbound', one(3)],
    ['haproxy-inbound', one(6)],
  ]);
  expect(ratios(samples, 'cost', peersOf([...samples.keys()]))).toEqual({
    'weft/haproxy': 0.5,
    'weft/envoy': 0.25,
    'weft-inbound/haproxy-inbound': 0.5,
  });
});

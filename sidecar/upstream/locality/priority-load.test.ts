import { describe, expect, test } from 'vitest';
import { DEFAULT_LOCALITY } from './locality-policy.ts';
import { priorityLoads } from './priority-load.ts';

/** Priorities of 100 endpoints each, so many of them healthy. */
const loadsOf = (healthy: readonly number[], policy = DEFAULT_LOCALITY) =>
  priorityLoads(
    healthy.map((count) => ({ healthy: count, total: 100 })),
    policy,
  );

/** From "Priority levels" in Envoy's documentation of load balancing. */
test.each([
  [
    [100, 100],
    [100, 0],
  ],
  [
    [72, 72],
    [100, 0],
  ],
  [
    [71, 71],
    [99, 1],
  ],
  [
    [50, 60],
    [70, 30],
  ],
  [
    [25, 100],
    [35, 65],
  ],
  [
    [25, 25],
    [50, 50],
  ],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [100, 100, 100],
    [100, 0, 0],
  ],
  [
    [72, 72, 100],
    [100, 0, 0],
  ],
  [
    [71, 71, 100],
    [99, 1, 0],
  ],
  [
    [50, 60, 100],
    [70, 30, 0],
  ],
  [
    [50, 50, 100],
    [70, 30, 0],
  ],
  [
    [25, 100, 100],
    [35, 65, 0],
  ],
  [
    [25, 25, 100],
    [35, 35, 30],
  ],
])('healthy percentages %j get %j', (healthy, expected) => {
  expect(loadsOf(healthy).map(({ load }) => load)).toEqual(expected);
});

test('what rounding leaves over goes to the first with any health', () => {
  const policy = { ...DEFAULT_LOCALITY, panicThreshold: 0 };
  expect(loadsOf([25, 25, 20], policy).map(({ load }) => load)).toEqual([37, 35, 28]);
});

/** From "Panic threshold" in Envoy's documentation; its 7 % and 93 % are 8 and 92 by its code, for the rounding. */
describe('panic', () => {
  test.each([
    [
      [72, 72],
      [false, false],
      [100, 0],
    ],
    [
      [71, 71],
      [false, false],
      [99, 1],
    ],
    [
      [50, 60],
      [false, false],
      [70, 30],
    ],
    [
      [25, 100],
      [false, false],
      [35, 65],
    ],
    [
      [25, 25],
      [true, true],
      [50, 50],
    ],
    [
      [5, 65],
      [true, false],
      [8, 92],
    ],
    [
      [0, 0],
      [true, true],
      [50, 50],
    ],
    [[49], [true], [100]],
    [[71], [false], [100]],
  ])('healthy percentages %j: %j, %j', (healthy, panics, loads) => {
    const got = loadsOf(healthy);
    expect(got.map(({ panic }) => panic)).toEqual(panics);
    expect(got.map(({ load }) => load)).toEqual(loads);
  });

  test('never with a threshold of 0', () => {
    const policy = { ...DEFAULT_LOCALITY, panicThreshold: 0 };
    expect(loadsOf([0, 0], policy)).toEqual([
      { load: 100, panic: false },
      { load: 0, panic: false },
    ]);
    expect(loadsOf([1, 0], policy).map(({ panic }) => panic)).toEqual([false, false]);
  });

  test('by the number of endpoints when all are in it', () => {
    const counts = [
      { healthy: 0, total: 30 },
      { healthy: 0, total: 0 },
      { healthy: 1, total: 60 },
    ];
    expect(priorityLoads(counts, DEFAULT_LOCALITY).map(({ load }) => load)).toEqual([34, 0, 66]);
  });
});

test('nobody at all', () => {
  expect(priorityLoads([{ healthy: 0, total: 0 }], DEFAULT_LOCALITY)).toEqual([{ load: 100, panic: true }]);
});

import { describe, expect, test } from 'vitest';
import { MAX_ERROR_LENGTH, refusedNames } from './refused-names.ts';

const found = (names: string[], error: string) =>
  [...refusedNames(names, error)].map(([name, { reason, certain }]) => [name, reason, certain]);

describe('refusedNames', () => {
  test.each([
    ['the one that a line names', ['a', 'b'], 'a: port: no', [['a', 'a: port: no', true]]],
    [
      'each that a line names, with all that is said of it',
      ['a', 'b', 'c'],
      'a: x\nc: y\na: z',
      [
        ['a', 'a: x\na: z', true],
        ['c', 'c: y', true],
      ],
    ],
    ['a name with colons', ['h.svc:80', 'h.svc'], 'h.svc:80: x: y', [['h.svc:80', 'h.svc:80: x: y', true]]],
    ['a reason of two lines', ['a', 'b'], 'a: bad PEM:\nline 2', [['a', 'a: bad PEM:\nline 2', true]]],
    ['the only one, in whatever words', ['a'], 'no', [['a', 'no', true]]],
    [
      'perhaps any, in words that name none',
      ['a', 'b'],
      'no',
      [
        ['a', 'no', false],
        ['b', 'no', false],
      ],
    ],
  ])('%s', (_name, names, error, expected) => {
    expect(found(names, error)).toEqual(expected);
  });

  test('a message that was cut may speak of every other one', () => {
    const error = `a: ${'x'.repeat(MAX_ERROR_LENGTH)}`.slice(0, MAX_ERROR_LENGTH);
    expect(found(['a', 'b'], error)).toEqual([
      ['a', error, true],
      ['b', error, false],
    ]);
  });
});

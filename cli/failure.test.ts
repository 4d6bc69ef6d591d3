import { describe, expect, test } from 'vitest';
import { ApiError } from '#api/client/client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import { describeFailure, exitCodeOf, UsageError } from './failure.ts';

const refused = (causes: { field: string; message: string }[]): ApiError =>
  new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Invalid',
    message: 'Pod "a" is invalid: spec: no',
    details: { kind: 'Pod', name: 'a', causes },
  });
const system = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });

describe('a failure in words', () => {
  test.each([
    [
      'with its remedy',
      new WeftError('X', 'it is so', { remedy: 'do this' }),
      /^weft: it is so \(do this\)\n$/,
    ],
    ['without one', new WeftError('X', 'it is so'), /^weft: it is so\n$/],
    ['of the API server', refused([]), /^weft: Invalid: Pod "a" is invalid: spec: no\n$/],
    [
      'of the API server, every mistake on a line',
      refused([
        { field: 'a', message: 'one' },
        { field: 'b', message: 'two' },
      ]),
      /^weft: Invalid: Pod a has 2 mistakes\n {2}a: one\n {2}b: two\n$/,
    ],
    ['of a full disk', system('ENOSPC'), /the disk is full/],
    ['of missing rights', system('EACCES'), /run as root/],
    ['of the system', system('ENOENT'), /^weft: ENOENT: it failed\n$/],
    [
      'that nobody expected, with its stack',
      new TypeError('x'),
      /^weft: internal error: TypeError: x\n {4}at /,
    ],
    ['that carries escape sequences', new WeftError('X', '\x1b[2Jx'), /^weft: \ufffd\[2Jx\n$/],
  ])('%s', (_name, error, text) => {
    expect(describeFailure(error)).toMatch(text);
  });

  test('wrong usage has its own exit code', () => {
    expect(exitCodeOf(new UsageError('no'))).toBe(2);
    expect(exitCodeOf(new WeftError('X', 'no'))).toBe(1);
    expect(exitCodeOf(new Error('no'))).toBe(1);
  });
});

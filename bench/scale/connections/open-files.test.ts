import { expect, it } from 'vitest';
import { parseOpenFiles } from './open-files.ts';

it.each([
  [
    'numbers',
    'Max open files            1024                 524288               files',
    { soft: 1_024, hard: 524_288 },
  ],
  [
    'no limit',
    'Max processes             95  95  processes\nMax open files            1024   unlimited   files',
    { soft: 1_024, hard: Number.MAX_SAFE_INTEGER },
  ],
])('reads the limit of open files: %s', (_what, text, limits) => {
  expect(parseOpenFiles(text)).toEqual(limits);
});

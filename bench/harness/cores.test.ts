import { expect, test } from 'vitest';
import { listCores, spread } from './cores.ts';

test.each([
  { text: '0-3', cores: [0, 1, 2, 3] },
  { text: '0,2-3,7', cores: [0, 2, 3, 7] },
  { text: '5', cores: [5] },
])('$text are the cores $cores', ({ text, cores }) => {
  expect(listCores(text)).toEqual(cores);
});

test.each([
  {
    allowed: [0, 1],
    is: { proxy: 0, load: 1, backend: 1 },
    why: 'the proxy is alone, whatever else must share',
  },
  { allowed: [4, 5, 6, 7], is: { proxy: 4, load: 5, backend: 6 }, why: 'a third core takes the backend' },
])('on $allowed: $why', ({ allowed, is }) => {
  expect(spread(allowed)).toEqual(is);
});

test('one core is refused', () => {
  expect(() => spread([0])).toThrow('one core is not enough');
});

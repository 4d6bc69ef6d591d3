import { expect, test } from 'vitest';
import { PLAIN } from './escape.ts';
import { Line } from './line.ts';

const text = (line: Line): string => line.octets.toString('latin1', 0, line.length);

test.each([0, 7, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 40, -1, 1.5, Number.NaN])(
  'writes %d as it is',
  (value) => {
    const line = new Line();
    line.putNumber(value);
    expect(text(line)).toBe(String(value));
  },
);

test('octets that need an escape are not put, nor are those before them', () => {
  const line = new Line();
  line.putText('a');
  expect(line.putPlain(Buffer.from('xbc"y'), 1, 5, PLAIN)).toBe(false);
  expect(line.putPlain(Buffer.from('xbc"y'), 1, 3, PLAIN)).toBe(true);
  expect(text(line)).toBe('abc');
});

test('a long line has room, and its memory is let go with the next', () => {
  const line = new Line();
  const { length } = line.octets;
  for (let i = 0; i < 9; i += 1) line.putText('0123456789'.repeat(1000));
  line.put(Buffer.from('x'.repeat(50)));
  line.putNumber(12);
  expect(text(line)).toBe(`${'0123456789'.repeat(9000)}${'x'.repeat(50)}12`);
  line.begin();
  expect([line.length, line.octets.length]).toEqual([0, length]);
});

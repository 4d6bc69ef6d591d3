import { expect, test } from 'vitest';
import { Body } from './body.ts';

const NEXT = Buffer.from('GET / HTTP/1.1\r\n');

test.each([
  ['none', '', (body: Body) => body.none()],
  ['length', 'hello', (body: Body) => body.length(5)],
  ['chunked', '5\r\nhello\r\n0\r\n\r\n', (body: Body) => body.chunked()],
])('of what comes behind a complete body nothing is its own: %s', (_, text, begin) => {
  const body = new Body();
  begin(body);
  expect(body.take(Buffer.from(text), 0, text.length)).toBe(text.length);
  expect(body.done).toBe(true);
  expect(body.take(NEXT, 0, NEXT.length)).toBe(0);
  expect(body.take(NEXT, 3, NEXT.length)).toBe(3);
  expect(body.done).toBe(true);
});

import { expect, it } from 'vitest';
import { parseAnswerLength } from './answer-length.ts';

it.each([
  ['head and body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', 41],
  ['only the head so far', 'HTTP/1.1 200 OK\r\ncontent-length:10\r\nx: y\r\n\r\n', 54],
])('counts head and body: %s', (_what, text, length) => {
  expect(parseAnswerLength(Buffer.from(text))).toBe(length);
});

it.each([
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'did not come at once'],
  ['a failure', 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 503'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'no Content-Length'],
])('refuses %s', (_what, text, reason) => {
  expect(() => parseAnswerLength(Buffer.from(text))).toThrow(reason);
});

import { describe, expect, test } from 'vitest';
import { ResponseReader } from './response-reader.ts';

/** What comes of `text`, cut into pieces of `size` bytes. */
function read(text: string, size: number, headOnly = false): string[] {
  const seen: string[] = [];
  let body = '';
  const reader = new ResponseReader(
    {
      onHead: ({ status }) => seen.push(String(status)),
      onBody: (bytes) => {
        body += bytes;
      },
      onEnd: () => {
        seen.push(`<${body}>`);
        body = '';
      },
      onTunnel: (bytes) => {
        body += bytes;
      },
    },
    () => headOnly,
  );
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
  seen.push(`${reader.end() ? 'ended' : 'broken'} ${body}`.trim());
  return seen;
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe.each([1, 3, 1000])('in pieces of %i bytes', (size) => {
  test.each([
    ['by length', `${OK}Content-Length: 2\r\n\r\nok`, ['200', '<ok>', 'ended']],
    [
      'two in a row',
      `${OK}Content-Length: 0\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
      ['200', '<>', '200', '<x>', 'ended'],
    ],
    [
      'in chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;a=b\r\n!\r\n0\r\n\r\n`,
      ['200', '<ok!>', 'ended'],
    ],
    ['with trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\na: b\r\n\r\n`, ['200', '<>', 'ended']],
    ['until the end', `${OK}\r\nall of it`, ['200', '<all of it>', 'ended']],
    [
      'after a hint',
      `HTTP/1.1 103 x\r\nLink: a\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
      ['200', '<>', 'ended'],
    ],
    ['without a body', 'HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n', ['304', '<>', 'ended']],
    ['broken off in its body', `${OK}Content-Length: 5\r\n\r\nok`, ['200', 'broken ok']],
    ['broken off in its head', 'HTTP/1.1 20', ['broken']],
    ['another protocol', 'HTTP/1.1 101 x\r\n\r\nwhatever', ['101', 'ended whatever']],
  ])('a response %s', (_name, text, expected) => {
    expect(read(text, size)).toEqual(expected);
  });
});

test('knows that HEAD has no body', () => {
  expect(read(`${OK}Content-Length: 5\r\n\r\n`, 1000, true)).toEqual(['200', '<>', 'ended']);
});

test.each([
  ['no status line', 'hello\r\n\r\n'],
  ['a bad chunk', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ['a chunk that is too long', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nokay\r\n`],
])('refuses %s', (_name, text) => {
  expect(() => read(text, 1000)).toThrow();
});

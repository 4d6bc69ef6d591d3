import { describe, expect, test } from 'vitest';
import { Head } from './head.ts';
import { scanResponse } from './scan-response.ts';

function scan(text: string): { result: number; head: Head } {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  return { result: scanResponse(bytes, 0, bytes.length, head), head };
}

describe('response head', () => {
  test.each([
    ['a reason', 'HTTP/1.1 200 OK\r\n\r\n', 200],
    ['no reason', 'HTTP/1.1 204 \r\n\r\n', 204],
    ['not even the space before it', 'HTTP/1.1 204\r\n\r\n', 204],
    ['HTTP/1.0', 'HTTP/1.0 404 Not Found\r\n\r\n', 404],
    ['obs-text in its reason', 'HTTP/1.1 500 \xe9\r\n\r\n', 500],
    ['an unusual status', 'HTTP/1.1 999 x\r\nA: b\r\n\r\n', 999],
  ])('accepts %s', (_, text, status) => {
    const { result, head } = scan(text);
    expect(result).toBe(text.length);
    expect(head.status).toBe(status);
    for (let length = 0; length < text.length; length++) expect(scan(text.slice(0, length)).result).toBe(0);
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a status with a sign', 'HTTP/1.1 +20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a status line that ends with LF', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['a control character in its reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['too long a head', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(61_440)}\r\n\r\n`],
    ['too many lines', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(101)}\r\n`],
  ])('refuses %s', (_, text) => {
    expect(scan(text).result).toBeLessThan(0);
  });
});

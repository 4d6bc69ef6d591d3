import { describe, expect, test } from 'vitest';
import { explain } from './fault.ts';
import { Head, NO_LINE } from './head.ts';
import { scanRequest } from './scan-request.ts';

function scan(text: string): { result: number; head: Head; bytes: Buffer } {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  return { result: scanRequest(bytes, 0, bytes.length, head), head, bytes };
}

const HOST = 'Host: a.test\r\n';

describe('request head', () => {
  test('gives the offsets of method, target, authority and lines', () => {
    const { result, head, bytes } = scan(
      'POST /p?q=1 HTTP/1.1\r\nhost:  a.test:80 \r\nContent-Length: 12\r\nX-Request-ID: r\r\n\r\nbody',
    );
    const text = (start: number, end: number): string => bytes.toString('latin1', start, end);
    expect(bytes.toString('latin1', result)).toBe('body');
    expect(text(head.start, head.methodEnd)).toBe('POST');
    expect(text(head.pathStart, head.targetEnd)).toBe('/p?q=1');
    expect(text(head.authorityStart, head.authorityEnd)).toBe('a.test:80');
    expect(head.contentLength).toBe(12);
    expect(head.lines).toBe(3);
    expect(text(head.valueStart[head.requestId]!, head.valueEnd[head.requestId]!)).toBe('r');
    expect(head.traceparent).toBe(NO_LINE);
  });

  test.each([
    ['origin form', `GET /a HTTP/1.1\r\n${HOST}\r\n`, 'a.test', '/a'],
    ['absolute form', `GET http://b.test:81/a?b HTTP/1.1\r\n${HOST}\r\n`, 'b.test:81', '/a?b'],
    ['absolute form without a path', `GET HTTP://b.test HTTP/1.1\r\n${HOST}\r\n`, 'b.test', ''],
    ['absolute form with a query only', `GET http://b.test?q HTTP/1.1\r\n${HOST}\r\n`, 'b.test', '?q'],
    ['asterisk form', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 'a.test', '*'],
    ['HTTP/1.0 without a host', 'GET / HTTP/1.0\r\n\r\n', '', '/'],
    ['an empty host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', '', '/'],
    ['an IPv6 host', 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', '[::1]:80', '/'],
    ['empty lines before it', `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`, 'a.test', '/'],
    ['an unusual method', `M-SEARCH / HTTP/1.1\r\n${HOST}\r\n`, 'a.test', '/'],
    ['an empty field value', `GET / HTTP/1.1\r\n${HOST}X:\r\n\r\n`, 'a.test', '/'],
  ])('accepts %s', (_, text, authority, path) => {
    const { result, head, bytes } = scan(text);
    expect(result).toBe(text.length);
    expect(bytes.toString('latin1', head.authorityStart, head.authorityEnd)).toBe(authority);
    expect(bytes.toString('latin1', head.pathStart, head.targetEnd)).toBe(path);
  });

  test.each([
    ['both lengths', `Content-Length: 1\r\nTransfer-Encoding: chunked\r\n`, 400],
    ['both lengths, the other way round', `Transfer-Encoding: chunked\r\nContent-Length: 1\r\n`, 400],
    ['two equal lengths', `Content-Length: 1\r\nContent-Length: 1\r\n`, 400],
    ['two different lengths', `Content-Length: 1\r\nContent-Length: 2\r\n`, 400],
    ['a list of lengths', `Content-Length: 1, 1\r\n`, 400],
    ['a signed length', `Content-Length: +1\r\n`, 400],
    ['a negative length', `Content-Length: -1\r\n`, 400],
    ['a hexadecimal length', `Content-Length: 0x10\r\n`, 400],
    ['an empty length', `Content-Length:\r\n`, 400],
    ['a length with a space inside', `Content-Length: 1 0\r\n`, 400],
    ['a length beyond what is exact', `Content-Length: 99999999999999999999\r\n`, 400],
    ['a coding before chunked', `Transfer-Encoding: gzip, chunked\r\n`, 400],
    ['a coding after chunked', `Transfer-Encoding: chunked, identity\r\n`, 400],
    ['a look-alike of chunked', `Transfer-Encoding: xchunked\r\n`, 400],
    ['a quoted chunked', `Transfer-Encoding: "chunked"\r\n`, 400],
    ['chunked with a vertical tab', `Transfer-Encoding: \x0bchunked\r\n`, 400],
    ['chunked with a tab before it', `Transfer-Encoding:\tchunked\r\n`, 400],
    ['chunked with a tab after it', `Transfer-Encoding: chunked \t\r\n`, 400],
    ['chunked with a parameter', `Transfer-Encoding: chunked;q=1\r\n`, 400],
    ['chunked twice in lines', `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, 400],
    ['chunked twice in a list', `Transfer-Encoding: chunked, chunked\r\n`, 400],
    ['an empty coding', `Transfer-Encoding:\r\n`, 400],
    ['a space before the colon', `Transfer-Encoding : chunked\r\n`, 400],
    ['a folded line', `X: a\r\n b\r\n`, 400],
    ['a folded first line', ` X: a\r\n`, 400],
    ['a line that ends with LF', `X: a\n`, 400],
    ['a line that ends with CR', `X: a\rY: b\r\n`, 400],
    ['CR CR LF', `X: a\r\r\n`, 400],
    ['NUL in a value', `X: a\0b\r\n`, 400],
    ['DEL in a value', `X: a\x7fb\r\n`, 400],
    ['a control character in a name', `X\x01: a\r\n`, 400],
    ['a name with a space', `X Y: a\r\n`, 400],
    ['a name in obs-text', `X\xe9: a\r\n`, 400],
    ['no name', `: a\r\n`, 400],
    ['no colon', `X\r\n`, 400],
    ['a second host', `Host: a.test\r\n`, 400],
    ['a connection option that is no token', `Connection: a b\r\n`, 400],
    ['a connection that names the length', `Connection: Content-Length\r\nContent-Length: 0\r\n`, 400],
    ['a connection that names the coding', `Connection: close, transfer-encoding\r\n`, 400],
    ['a connection that names the host', `Connection: host\r\n`, 400],
  ])('refuses %s', (_, lines, status) => {
    const { result } = scan(`POST / HTTP/1.1\r\n${HOST}${lines}\r\n`);
    expect(result).toBeLessThan(0);
    expect(explain(result).status).toBe(status);
  });

  test.each([
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a host with user information', 'GET / HTTP/1.1\r\nHost: u@a.test\r\n\r\n', 400],
    ['a host with a path', 'GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n', 400],
    ['a host with a space', 'GET / HTTP/1.1\r\nHost: a.test b\r\n\r\n', 400],
    ['two hosts in a list', 'GET / HTTP/1.1\r\nHost: a.test,b.test\r\n\r\n', 400],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['no version', 'GET /\r\n\r\n', 400],
    ['a lower-case version', `GET / http/1.1\r\n${HOST}\r\n`, 400],
    ['a version with a long minor', `GET / HTTP/1.11\r\n${HOST}\r\n`, 400],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${HOST}\r\n`, 505],
    ['HTTP/2.0', `PRI * HTTP/2.0\r\n\r\n`, 505],
    ['two spaces', `GET  / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a tab after the method', `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a fragment', `GET /a#b HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['NUL in the target', `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a method that is no token', `G(T / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a space before the method', ` GET / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a bare LF before the method', `\nGET / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a relative target', `GET a HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['an asterisk for GET', `GET * HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['another scheme', `GET ftp://a.test/ HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['an absolute form without authority', `GET http:///a HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['an absolute form with user information', `GET http://u@b.test/ HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['CONNECT', `CONNECT a.test:443 HTTP/1.1\r\n${HOST}\r\n`, 405],
    ['a request line that ends with LF', `GET / HTTP/1.1\n${HOST}\r\n`, 400],
    ['an empty line of LF', `GET / HTTP/1.1\r\n${HOST}\n`, 400],
    ['more than 100 lines', `GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(100)}\r\n`, 431],
    ['a head above 60 KiB', `GET / HTTP/1.1\r\n${HOST}X: ${'y'.repeat(61_440)}\r\n\r\n`, 431],
    ['an endless head', `GET / HTTP/1.1\r\n${HOST}X: ${'y'.repeat(61_440)}`, 431],
    ['a target above 30 KiB', `GET /${'a'.repeat(30_720)} HTTP/1.1\r\n${HOST}\r\n`, 414],
    ['an endless target', `GET /${'a'.repeat(62_000)}`, 414],
  ])('refuses %s', (_, text, status) => {
    const { result } = scan(text);
    expect(result).toBeLessThan(0);
    expect(explain(result).status).toBe(status);
  });

  test('accepts exactly 100 lines', () => {
    const text = `GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(99)}\r\n`;
    expect(scan(text).result).toBe(text.length);
  });

  test('every proper prefix of a good head needs more', () => {
    const text = `\r\nPOST http://b.test/a HTTP/1.1\r\n${HOST}Connection: close, x\r\nX: y \r\nContent-Length: 3\r\n\r\n`;
    for (let length = 0; length < text.length; length++) {
      expect(scan(text.slice(0, length)).result, `after ${length} bytes`).toBe(0);
    }
    expect(scan(text).result).toBe(text.length);
  });

  test.each([
    ['close', { close: true, keepAlive: false, upgrade: false }],
    ['Keep-Alive', { close: false, keepAlive: true, upgrade: false }],
    [' , close ,, upgrade,', { close: true, keepAlive: false, upgrade: true }],
  ])('reads the connection options of "%s"', (value, options) => {
    expect(scan(`GET / HTTP/1.1\r\n${HOST}Connection: ${value}\r\n\r\n`).head).toMatchObject(options);
  });

  test('cuts the lines of this hop and those that Connection names, wherever they stand', () => {
    const { head, bytes } = scan(
      `GET / HTTP/1.1\r\nX-Hop: 1\r\n${HOST}TE: trailers\r\nConnection: x-hop\r\nKeep-Alive: 5\r\n` +
        'Connection: close, Other\r\nProxy-Connection: close\r\nTrailer: x\r\nUpgrade: h2c\r\nother: 1\r\nX-End: 1\r\n\r\n',
    );
    const kept: string[] = [];
    for (let line = 0; line < head.lines; line++) {
      if (head.cut[line] === 0) kept.push(bytes.toString('latin1', head.nameStart[line], head.nameEnd[line]));
    }
    expect(kept).toEqual(['Host', 'X-End']);
    expect(head.close).toBe(true);
  });
});

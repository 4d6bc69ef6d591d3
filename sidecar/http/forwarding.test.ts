import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';
import { Head } from './head.ts';
import { RequestComposer } from './request-composer.ts';
import { scanRequest } from './scan-request.ts';
import { scanResponse } from './scan-response.ts';
import { plainLine, type RawHead, render, requestHead } from './testing/raw-heads.ts';
import { type ConnectionNote, writeResponse } from './write-head.ts';

const ORIGINAL = { address: '10.0.0.1', port: 80 };
const PEER = 'b3du';
const PEER_LINE = 'x-envoy-peer-metadata: b3du\r\n';
const ADDED =
  'x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n' +
  'traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00\r\n' +
  'x-forwarded-proto: http\r\nx-envoy-peer-metadata: b3du\r\n';

function forward(text: string, peer = PEER, countAttempts = false): string {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const end = scanRequest(bytes, 0, bytes.length, head);
  expect(end).toBeGreaterThan(0);
  const entropy = (): Buffer => Buffer.alloc(ENTROPY_BYTES, 0xc5);
  const added = new AddedLines({ peerMetadata: peer, traceparent: peer !== '', entropy });
  const composer = new RequestComposer(added, ORIGINAL, '10.0.0.1:80');
  const request = composer.compose(bytes, head, end, bytes.length, countAttempts, undefined, undefined);
  return request.bytes.toString('latin1');
}

function withoutHop(head: RawHead): string {
  return (
    head.startLine +
    head.lines
      .filter(({ hop }) => !hop)
      .map(({ raw }) => raw)
      .join('')
  );
}

describe('a forwarded request', () => {
  test('is what came, minus the lines of the hop, plus our own', () => {
    fc.assert(
      fc.property(requestHead, fc.constantFrom('', 'body'), (head, body) => {
        const forwarded = forward(render(head) + body);
        const kept = withoutHop(head);
        expect(forwarded.slice(0, kept.length)).toBe(kept);
        expect(forwarded.slice(kept.length)).toMatch(new RegExp(`^${ADDED}\r\n${body}$`));
      }),
    );
  });

  test('keeps the identifiers that it has', () => {
    const lines = 'Host: a\r\nX-Request-Id: mine\r\nTraceparent: 00-1-2-00\r\nX-Forwarded-Proto: https\r\n';
    expect(forward(`GET / HTTP/1.1\r\n${lines}\r\n`)).toBe(`GET / HTTP/1.1\r\n${lines}${PEER_LINE}\r\n`);
  });

  test('gets an identifier of its own when its sender called it hop-by-hop', () => {
    const forwarded = forward(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nConnection: x-request-id\r\n\r\n',
    );
    expect(forwarded.match(/x-request-id/gi)).toHaveLength(1);
    expect(forwarded).not.toContain('mine');
  });

  test('loses the metadata of its sender towards the app, and gets no trace there', () => {
    const forwarded = forward('GET / HTTP/1.1\r\nHost: a\r\nx-envoy-peer-metadata: abc\r\n\r\n', '');
    expect(forwarded).toMatch(
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nx-request-id: .{36}\r\nx-forwarded-proto: http\r\n\r\n$/,
    );
  });

  test.each([
    ['HTTP/1.0 becomes HTTP/1.1', 'GET /a HTTP/1.0\r\nHost: h\r\n\r\n', /^GET \/a HTTP\/1\.1\r\nHost: h\r\n/],
    [
      'a missing host is the original destination',
      'GET / HTTP/1.0\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nhost: 10\.0\.0\.1:80\r\n/,
    ],
    [
      'an absolute form becomes an origin form with its own host',
      'GET http://b.test:81/p?q HTTP/1.1\r\nA: 1\r\nHost: a.test\r\nB: 2\r\n\r\n',
      /^GET \/p\?q HTTP\/1\.1\r\nA: 1\r\nB: 2\r\nhost: b\.test:81\r\n/,
    ],
    [
      'an absolute form without a path gets one',
      'GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n',
      /^GET \/\?q HTTP\/1\.1\r\nhost: b\r\n/,
    ],
    [
      'an absolute form with nothing gets a path',
      'GET http://b HTTP/1.1\r\nHost: a\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nhost: b\r\n/,
    ],
    [
      'an upgrade passes',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nUpgrade: websocket\r\nconnection: Upgrade\r\n/,
    ],
    [
      'an upgrade that Connection does not name is dropped',
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nX: 1\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nX: 1\r\nx-request-id/,
    ],
    [
      'an upgrade to h2c is dropped with its settings',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nX: 1\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nX: 1\r\nx-request-id/,
    ],
    [
      'an upgrade to h2c behind another protocol is dropped',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, H2C\r\nX: 1\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nX: 1\r\nx-request-id/,
    ],
    [
      'an upgrade to HTTP/2.0 is dropped',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket,HTTP/2.0\r\nX: 1\r\n\r\n',
      /^GET \/ HTTP\/1\.1\r\nHost: a\r\nX: 1\r\nx-request-id/,
    ],
  ])('%s', (_, text, expected) => {
    expect(forward(text)).toMatch(expected);
  });

  test('tells the number of its try instead of what its sender said', () => {
    const text = 'GET / HTTP/1.1\r\nHost: a\r\nX-Envoy-Attempt-Count: 9\r\n\r\n';
    expect(forward(text, PEER, true).match(/x-envoy-attempt-count: *(\d+)/gi)).toEqual([
      'x-envoy-attempt-count:   1',
    ]);
    expect(forward(text, PEER, false)).toContain('X-Envoy-Attempt-Count: 9\r\n');
  });
});

describe('a forwarded response', () => {
  function respond(
    text: string,
    note: ConnectionNote,
    coding: 'as-is' | 'add-chunks' | 'remove-chunks',
  ): string {
    const bytes = Buffer.from(text, 'latin1');
    const head = new Head();
    expect(scanResponse(bytes, 0, bytes.length, head)).toBe(bytes.length);
    const out = Buffer.alloc(bytes.length + 200);
    return out.toString('latin1', 0, writeResponse(out, bytes, head, note, coding, undefined));
  }

  test('is what came, minus the lines of the hop', () => {
    fc.assert(
      fc.property(fc.array(plainLine, { maxLength: 10 }), (lines) => {
        const plain = lines.map(({ name, value }) => `${name}: ${value}\r\n`);
        const text = `HTTP/1.1 200 OK\r\n${plain.join('')}\r\n`;
        expect(respond(text, 'silent', 'as-is')).toBe(text);
        const noisy = `HTTP/1.1 200 OK\r\nConnection: close\r\n${plain.join('Keep-Alive: timeout=5\r\n')}\r\n`;
        expect(respond(noisy, 'silent', 'as-is')).toBe(text);
      }),
    );
  });

  test.each([
    [
      'close',
      'as-is',
      'HTTP/1.0 200 OK\r\nA: b\r\n\r\n',
      'HTTP/1.1 200 OK\r\nA: b\r\nconnection: close\r\n\r\n',
    ],
    ['keep-alive', 'as-is', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n'],
    [
      'silent',
      'add-chunks',
      'HTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
    [
      'close',
      'remove-chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n',
      'HTTP/1.1 200 OK\r\nA: b\r\nconnection: close\r\n\r\n',
    ],
    [
      'upgrade',
      'as-is',
      'HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: w\r\n\r\n',
      'HTTP/1.1 101 x\r\nUpgrade: w\r\nconnection: Upgrade\r\n\r\n',
    ],
  ] as const)('with "%s" and chunks %s', (note, coding, text, expected) => {
    expect(respond(text, note, coding)).toBe(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { failureInWords, formatLocal } from './local-reply.ts';
import { makeEdits } from './message-edits.ts';

const FORMAT = { connection: 'silent', headOnly: false, wallMs: 0, edits: undefined } as const;
const DATE = 'date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: weft\r\n';
const HOP = 'inbound sidecar of app-1.ns';

describe('a failure in words', () => {
  test('says in head and body what failed, and which sidecar says so', () => {
    const local = failureInWords({ status: 503, flag: 'UH', details: '', reason: 'no endpoint' }, HOP);
    expect(formatLocal(local, FORMAT).toString()).toBe(
      'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 42\r\ncontent-type: text/plain\r\n' +
        `x-weft-reason: UH; no endpoint\r\nx-weft-hop: ${HOP}\r\n${DATE}\r\nno endpoint (${HOP})\n`,
    );
  });

  test.each([
    ['line ends', 'a\r\nevil: 1', 'a??evil: 1'],
    ['what is not ASCII', 'é\0', '??'],
    ['endless text', 'a'.repeat(2000), 'a'.repeat(512)],
  ])('does not repeat %s', (_, reason, shown) => {
    const text = formatLocal(
      failureInWords({ status: 404, flag: 'NR', details: '', reason }, HOP),
      FORMAT,
    ).toString();
    expect(text).toContain(`\r\nx-weft-reason: NR; ${shown}\r\n`);
  });

  test('a 405 says what is allowed', () => {
    const local = failureInWords({ status: 405, flag: 'DPE', details: '', reason: 'no tunnels' }, HOP);
    expect(formatLocal(local, FORMAT).toString()).toContain('\r\nallow: GET, HEAD, POST,');
  });
});

describe('a response of this proxy', () => {
  const local = { status: 200, lines: [['content-type', 'text/plain']] as const, body: Buffer.from('hi') };
  const HEAD = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n${DATE}`;

  test.each([
    ['whole', local, FORMAT, `${HEAD}\r\nhi`],
    [
      'last of its connection',
      local,
      { ...FORMAT, connection: 'close' as const },
      `${HEAD}connection: close\r\n\r\nhi`,
    ],
    ['to HEAD', local, { ...FORMAT, headOnly: true }, `${HEAD}\r\n`],
    [
      'without a body',
      { status: 204, lines: [], body: Buffer.from('hi') },
      FORMAT,
      `HTTP/1.1 204 No Content\r\n${DATE}\r\n`,
    ],
    [
      'of no known status',
      { status: 599, lines: [], body: NONE() },
      FORMAT,
      `HTTP/1.1 599 Unknown\r\ncontent-length: 0\r\n${DATE}\r\n`,
    ],
  ])('%s', (_, response, format, expected) => {
    expect(formatLocal(response, format).toString()).toBe(expected);
  });

  test('is edited by the route, but for its framing', () => {
    const edits = makeEdits({
      remove: ['server', 'date', 'content-length'],
      set: [{ name: 'content-type', value: 'text/html' }],
      add: [{ name: 'x', value: '1' }],
    });
    expect(formatLocal(local, { ...FORMAT, edits }).toString()).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/html\r\nx: 1\r\n\r\nhi',
    );
  });
});

function NONE(): Uint8Array {
  return new Uint8Array(0);
}

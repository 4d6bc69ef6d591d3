import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeaderEdits } from '#sidecar/routing/header-edits.ts';
import { NO_RETRY } from '#sidecar/routing/retry-policy.ts';
import type { Rewrite } from '#sidecar/routing/route-table.ts';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';
import { Head } from './head.ts';
import { editsOf } from './message-edits.ts';
import { changesOf } from './request-changes.ts';
import { RequestComposer } from './request-composer.ts';
import { scanRequest } from './scan-request.ts';
import { scanResponse } from './scan-response.ts';
import { FakeCluster } from './testing/fakes.ts';
import { plainLine } from './testing/raw-heads.ts';
import { writeResponse } from './write-head.ts';

const NOTHING: HeaderEdits = { remove: [], set: [], add: [] };
const OWN =
  /x-request-id: \S{36}\r\ntraceparent: \S{55}\r\nx-forwarded-proto: http\r\nx-envoy-peer-metadata: b3du\r\n/;

interface Changes {
  readonly edits?: Partial<HeaderEdits>;
  readonly rewrite?: Partial<Rewrite>;
}

/** The request as it is sent, without the lines that every request gets; or what is wrong with the rewrite. */
function sent(text: string, { edits, rewrite }: Changes): string {
  const bytes = Buffer.from(text, 'latin1');
  const head = new Head();
  const end = scanRequest(bytes, 0, bytes.length, head);
  expect(end).toBeGreaterThan(0);
  const entropy = (): Buffer => Buffer.alloc(ENTROPY_BYTES, 0xc5);
  const added = new AddedLines({ peerMetadata: 'b3du', traceparent: true, entropy });
  const decision = {
    kind: 'forward' as const,
    route: 'r',
    cluster: new FakeCluster(),
    timeoutMs: 0,
    retry: NO_RETRY,
    requestEdits: edits === undefined ? undefined : { ...NOTHING, ...edits },
    rewrite: rewrite === undefined ? undefined : { path: undefined, authority: undefined, ...rewrite },
  };
  const path = bytes.toString('latin1', head.pathStart, head.targetEnd);
  const changes = changesOf(decision, { path });
  if (changes !== undefined && 'wrong' in changes) return changes.wrong;
  const composer = new RequestComposer(added, { address: '10.0.0.1', port: 80 }, '10.0.0.1:80');
  const request = composer.compose(bytes, head, end, bytes.length, false, changes, undefined);
  return request.bytes.toString('latin1').replace(OWN, '');
}

const GET = 'GET /a?q=1 HTTP/1.1\r\nHost: app\r\nA: 1\r\nb: 2\r\nA: 3\r\n\r\n';

describe('request edits', () => {
  test.each<[string, string, Partial<HeaderEdits>, string]>([
    ['nothing', GET, {}, GET],
    [
      'removes all lines of a name, in any case',
      GET,
      { remove: ['a'] },
      'GET /a?q=1 HTTP/1.1\r\nHost: app\r\nb: 2\r\n\r\n',
    ],
    [
      'replaces',
      GET,
      { set: [{ name: 'a', value: 'x' }] },
      'GET /a?q=1 HTTP/1.1\r\nHost: app\r\nb: 2\r\na: x\r\n\r\n',
    ],
    [
      'sets what was not there',
      GET,
      { set: [{ name: 'c', value: 'x' }] },
      GET.replace(/\r\n$/, 'c: x\r\n\r\n'),
    ],
    ['appends', GET, { add: [{ name: 'a', value: 'x' }] }, GET.replace(/\r\n$/, 'a: x\r\n\r\n')],
    [
      'removes first, then sets, then adds',
      GET,
      { remove: ['a', 'b'], set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }] },
      'GET /a?q=1 HTTP/1.1\r\nHost: app\r\na: 1\r\nb: 2\r\n\r\n',
    ],
    ['removes what is not there', GET, { remove: ['ab', 'aa', ''] }, GET],
    [
      'leaves framing, hop and host alone',
      'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\nhi',
      {
        remove: ['Content-Length', 'host', 'x-envoy-peer-metadata'],
        set: [
          { name: 'Transfer-Encoding', value: 'chunked' },
          { name: 'content-length', value: '1' },
        ],
        add: [
          { name: 'connection', value: 'close' },
          { name: 'host', value: 'other' },
          { name: 'upgrade', value: 'h2c' },
        ],
      },
      'POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\nhi',
    ],
    [
      'writes nothing that would end a line or a name',
      GET,
      {
        add: [
          { name: 'x', value: 'a\r\nevil: 1' },
          { name: 'x y', value: '1' },
          { name: 'x:', value: '1' },
          { name: '', value: '1' },
          { name: 'é', value: '1' },
          { name: 'x', value: 'a\0' },
        ],
      },
      GET,
    ],
    [
      'keeps text beyond ASCII as UTF-8',
      GET,
      { add: [{ name: 'x', value: 'é' }] },
      GET.replace(/\r\n$/, 'x: Ã©\r\n\r\n'),
    ],
  ])('%s', (_, request, edits, expected) => {
    expect(sent(request, { edits })).toBe(expected);
  });

  test.each(['x-request-id', 'traceparent', 'x-forwarded-proto'])(
    'a rule has the last word on %s',
    (name) => {
      const removed = sent(GET, { edits: { remove: [name] } });
      expect(removed.toLowerCase()).not.toContain(name);
      const set = sent(GET, { edits: { set: [{ name, value: 'mine' }] } });
      expect(set.match(new RegExp(`${name}: (.*)\r\n`, 'g'))).toEqual([`${name}: mine\r\n`]);
    },
  );

  test('whatever is removed, the other lines stay in their order', () => {
    fc.assert(
      fc.property(fc.array(plainLine, { maxLength: 12 }), fc.nat(11), (lines, at) => {
        const gone = lines[at]?.name.toLowerCase() ?? 'none';
        const raw = lines.map(({ name, value }) => `${name}: ${value}\r\n`);
        const kept = raw.filter((_, i) => lines[i]!.name.toLowerCase() !== gone);
        const forwarded = sent(`GET / HTTP/1.1\r\nHost: a\r\n${raw.join('')}\r\n`, {
          edits: { remove: [gone] },
        });
        expect(forwarded.startsWith(`GET / HTTP/1.1\r\nHost: a\r\n${kept.join('')}`)).toBe(true);
      }),
    );
  });
});

describe('rewrite', () => {
  const to = (path: string) => ({ path: () => path });

  test.each<[string, string, Partial<Rewrite>, string]>([
    [
      'path, and tells what it was',
      'GET /a?q=1 HTTP/1.0\r\nHost: app\r\n\r\n',
      to('/b?q=1'),
      'GET /b?q=1 HTTP/1.1\r\nHost: app\r\nx-envoy-original-path: /a?q=1\r\n\r\n',
    ],
    [
      'replaces what a client claims that it was',
      'GET /a HTTP/1.1\r\nHost: app\r\nX-Envoy-Original-Path: /admin\r\n\r\n',
      to('/b'),
      'GET /b HTTP/1.1\r\nHost: app\r\nx-envoy-original-path: /a\r\n\r\n',
    ],
    ['leaves a path alone that stays as it is', GET, to('/a?q=1'), GET],
    [
      'authority',
      'GET / HTTP/1.1\r\nA: 1\r\nHost: app\r\n\r\n',
      { authority: 'b:8080' },
      'GET / HTTP/1.1\r\nA: 1\r\nhost: b:8080\r\n\r\n',
    ],
    [
      'authority of HTTP/1.0 without a host',
      'GET / HTTP/1.0\r\n\r\n',
      { authority: 'b' },
      'GET / HTTP/1.1\r\nhost: b\r\n\r\n',
    ],
    [
      'an absolute form',
      'GET http://app/a HTTP/1.1\r\nHost: x\r\n\r\n',
      { path: () => '/b', authority: 'b' },
      'GET /b HTTP/1.1\r\nhost: b\r\nx-envoy-original-path: /a\r\n\r\n',
    ],
    [
      'an absolute form keeps its host when only the path changes',
      'GET http://app/a HTTP/1.1\r\nHost: x\r\n\r\n',
      to('/b'),
      'GET /b HTTP/1.1\r\nhost: app\r\nx-envoy-original-path: /a\r\n\r\n',
    ],
    ['a path that is none', GET, to('b'), 'does not lead to a path that starts with /'],
    ['an empty path', GET, to(''), 'does not lead to a path that starts with /'],
    [
      'a line end',
      GET,
      to('/b HTTP/1.1\r\nevil: 1'),
      'leads to a target with characters that may not stand in one',
    ],
    ['a space', GET, to('/b c'), 'leads to a target with characters that may not stand in one'],
    ['a fragment', GET, to('/b#c'), 'leads to a target with characters that may not stand in one'],
    [
      'characters that are no octets',
      GET,
      to('/\u{1F600}'),
      'leads to a target with characters that may not stand in one',
    ],
    ['too long a path', GET, to(`/${'b'.repeat(31_000)}`), 'leads to a target above 30 KiB'],
    ['a host that is none', GET, { authority: 'a b' }, 'names a host that is none'],
    ['an empty host', GET, { authority: '' }, 'names a host that is none'],
  ])('%s', (_, request, rewrite, expected) => {
    expect(sent(request, { rewrite })).toBe(expected);
  });

  test('what is rewritten reads back as one request, whatever the rule made of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        const forwarded = sent(GET, { rewrite: { path: () => path } });
        if (!forwarded.startsWith('GET ')) return;
        const bytes = Buffer.from(forwarded, 'latin1');
        const head = new Head();
        expect(scanRequest(bytes, 0, bytes.length, head)).toBe(bytes.length);
        expect(bytes.toString('latin1', head.targetStart, head.targetEnd)).toBe(path);
      }),
    );
  });
});

describe('response edits', () => {
  function respond(text: string, edits: Partial<HeaderEdits>): string {
    const bytes = Buffer.from(text, 'latin1');
    const head = new Head();
    expect(scanResponse(bytes, 0, bytes.length, head)).toBe(bytes.length);
    const out = Buffer.alloc(bytes.length + 500);
    const ready = editsOf({ ...NOTHING, ...edits });
    return out.toString('latin1', 0, writeResponse(out, bytes, head, 'close', 'as-is', ready));
  }

  test.each<[string, string, Partial<HeaderEdits>, string]>([
    [
      'remove, set and add',
      'HTTP/1.1 200 OK\r\nServer: app\r\nA: 1\r\n\r\n',
      { remove: ['server'], set: [{ name: 'a', value: '2' }], add: [{ name: 'c', value: '3' }] },
      'HTTP/1.1 200 OK\r\na: 2\r\nc: 3\r\nconnection: close\r\n\r\n',
    ],
    [
      'the length of the body stays',
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      { remove: ['content-length'], add: [{ name: 'transfer-encoding', value: 'chunked' }] },
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nconnection: close\r\n\r\n',
    ],
  ])('%s', (_, response, edits, expected) => {
    expect(respond(response, edits)).toBe(expected);
  });

  test('are made ready once', () => {
    const edits = { ...NOTHING, remove: ['a'] };
    expect(editsOf(edits)).toBe(editsOf(edits));
  });

  test('later ones see what earlier ones left', () => {
    const first = editsOf({
      ...NOTHING,
      remove: ['a'],
      set: [{ name: 'b', value: '1' }],
      add: [{ name: 'c', value: '1' }],
    });
    const both = first.followedBy(editsOf({ ...NOTHING, remove: ['b'], add: [{ name: 'c', value: '2' }] }));
    expect([...both.cuts]).toEqual(['a', 'b']);
    expect(both.block.toString()).toBe('c: 1\r\nc: 2\r\n');
  });
});

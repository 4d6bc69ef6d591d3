import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Found, Octets } from '#sidecar/telemetry/stream-record.ts';
import { AddedLines, ENTROPY_BYTES } from './added-lines.ts';
import { Head } from './head.ts';
import { HeadLines } from './head-lines.ts';
import { headerIn } from './header-in.ts';
import { RequestComposer } from './request-composer.ts';
import { scanRequest } from './scan-request.ts';
import { render, requestHead } from './testing/raw-heads.ts';

const lines = new HeadLines();
const head = new Head();
const octets: Octets = { bytes: Buffer.alloc(0), start: 0, end: 0 };
const added = new AddedLines({
  peerMetadata: 'b3du'.repeat(50),
  traceparent: true,
  entropy: () => Buffer.alloc(ENTROPY_BYTES, 0xc5),
});

function namesIn(bytes: Buffer): string[] {
  const names = bytes.toString('latin1').match(/(?<=\n)[^:\r]+(?=:)/g) ?? [];
  return [...names.map((name) => name.toLowerCase()), 'x-none'];
}

function found(bytes: Buffer, result: Found): string | undefined {
  if (result === 'missing') return undefined;
  return result === 'in-words' ? result : bytes.toString('latin1', octets.start, octets.end);
}

describe('lines of a head', () => {
  test('are found by name, and no further than the head goes', () => {
    lines.read(
      Buffer.from('GET /a?b HTTP/1.1\r\nHost:a\r\nX-A: 1 \t\r\nx-a:\t2\r\nEmpty:\r\n\r\nbody: x\r\n'),
    );
    expect([lines.method, lines.target]).toEqual(['GET', '/a?b']);
    const found = ['host', 'x-a', 'empty', 'body', 'x'].map((name) => lines.header(name));
    expect(found).toEqual(['a', '1, 2', '', undefined, undefined]);
  });

  test.each(['', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\n', 'x', 'a\r\nb', 'a\r\nb:'])(
    'of %j are none that are whole',
    (text) => {
      lines.read(Buffer.from(text));
      expect(lines.header('host')).toBeUndefined();
    },
  );

  test('are those of a scan, where that is at hand', () => {
    fc.assert(
      fc.property(requestHead, (drawn) => {
        const before = 'GET / HTTP/1.1\r\n\r\n';
        const bytes = Buffer.from(`${before}${render(drawn)}`, 'latin1');
        fc.pre(scanRequest(bytes, before.length, bytes.length, head) > 0);
        const kept = Buffer.from(bytes.subarray(head.start, head.end));
        lines.readScanned(kept, head);
        const names = namesIn(bytes);
        const told = names.map((name) => lines.header(name));
        expect(told).toEqual(names.map((name) => headerIn(bytes, head, name)));
        expect(names.map((name) => found(kept, lines.find(name, octets)))).toEqual(
          told.map((value) => (value?.includes(', ') === true ? expect.any(String) : value)),
        );
      }),
    );
  });

  test('of a request that was composed are the ones that are sent', () => {
    const composer = new RequestComposer(added, { address: '10.0.0.1', port: 80 }, '10.0.0.1:80', true);
    fc.assert(
      fc.property(requestHead, (drawn) => {
        const bytes = Buffer.from(render(drawn), 'latin1');
        const end = scanRequest(bytes, 0, bytes.length, head);
        fc.pre(end > 0);
        const sent = composer.compose(bytes, head, end, bytes.length, true, undefined, undefined);
        lines.read(sent.bytes);
        const read = sent.lines ?? lines;
        expect(sent.lines === undefined).toBe(head.absolute);
        expect([read.method, read.target]).toEqual([lines.method, lines.target]);
        const names = namesIn(sent.bytes);
        expect(names.map((name) => read.header(name))).toEqual(names.map((name) => lines.header(name)));
      }),
    );
  });

  test('say what a scan says', () => {
    fc.assert(
      fc.property(requestHead, (drawn) => {
        const bytes = Buffer.from(render(drawn), 'latin1');
        fc.pre(scanRequest(bytes, 0, bytes.length, head) > 0);
        lines.read(bytes);
        for (let line = 0; line < head.lines; line++) {
          const name = bytes.toString('latin1', head.nameStart[line]!, head.nameEnd[line]!).toLowerCase();
          expect(lines.header(name)).toBe(headerIn(bytes, head, name));
        }
      }),
    );
  });
});

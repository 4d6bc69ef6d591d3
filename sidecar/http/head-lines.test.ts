import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Head } from './head.ts';
import { HeadLines } from './head-lines.ts';
import { headerIn } from './header-in.ts';
import { scanRequest } from './scan-request.ts';
import { render, requestHead } from './testing/raw-heads.ts';

const lines = new HeadLines();

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

  test('say what a scan says', () => {
    const head = new Head();
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

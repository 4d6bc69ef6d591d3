import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FirstBytes, judgeFirstBytes, MAX_UNDECIDED_BYTES } from './first-bytes.ts';

function judge(text: string): FirstBytes {
  return judgeFirstBytes(Buffer.from(text, 'latin1'), text.length);
}

describe('first bytes', () => {
  test.each<[string, FirstBytes]>([
    ['GET / HTTP/1.1\r\n', 'http'],
    ['GET / HTTP/1.0\r\n', 'http'],
    ['GET / HTTP/1.1\n', 'http'],
    ['\r\nPOST http://a/ HTTP/1.1\r\nHost: a\r\n', 'http'],
    ['M-SEARCH * HTTP/1.1\r\n', 'http'],
    [`GET /${'a'.repeat(MAX_UNDECIDED_BYTES)}`, 'http'],
    ['', 'more'],
    ['G', 'more'],
    ['GET ', 'more'],
    ['GET / HTTP/1.1', 'more'],
    ['GET / HTTP/1.1\r', 'more'],
    ['\r\n', 'more'],
    ['GET / HTTP/2.0\r\n', 'opaque'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'opaque'],
    ['GET key\r\n', 'opaque'],
    ['PING\r\n', 'opaque'],
    ['*1\r\n$4\r\nPING\r\n', 'opaque'],
    ['get / HTTP/1.1\r\n', 'opaque'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'opaque'],
    ['\x16\x03\x01', 'opaque'],
    ['GET \0', 'opaque'],
    [' GET / HTTP/1.1\r\n', 'opaque'],
    ['A'.repeat(25), 'opaque'],
    ['\r\n'.repeat(MAX_UNDECIDED_BYTES / 2 - 1), 'more'],
    ['\r\n'.repeat(MAX_UNDECIDED_BYTES / 2), 'opaque'],
    ['QUERY select HTTP/1.1 from x\r\n', 'opaque'],
  ])('%j: %s', (text, verdict) => {
    expect(judge(text)).toBe(verdict);
  });

  test('what is decided stays decided when more comes', () => {
    const piece = fc.constantFrom('GET', ' ', '/', ' HTTP/1.1', '\r', '\n', 'x', '\0', 'POST');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        let decided: FirstBytes = 'more';
        for (let length = 0; length <= text.length; length++) {
          const verdict = judge(text.slice(0, length));
          if (decided !== 'more') expect(verdict).toBe(decided);
          decided = verdict;
        }
      }),
      { numRuns: 500 },
    );
  });
});

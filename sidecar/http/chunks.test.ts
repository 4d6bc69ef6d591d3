import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PayloadWriter } from './chunk-coding.ts';
import { ChunkScanner } from './chunks.ts';
import { Fault } from './fault.ts';

interface Taken {
  readonly result: number;
  readonly done: boolean;
  readonly payload: string;
}

/** Feeds `text` in pieces that end at `cuts`. `result` is the offset after the body, or the fault. */
function take(text: string, cuts: readonly number[] = []): Taken {
  const scanner = new ChunkScanner();
  const payload = new PayloadWriter();
  payload.out = Buffer.alloc(text.length);
  const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  let at = 0;
  for (const end of ends) {
    const piece = Buffer.from(text.slice(at, end), 'latin1');
    const next = scanner.take(piece, 0, piece.length, payload);
    if (next < 0) return { result: next, done: false, payload: '' };
    if (scanner.done) return { result: at + next, done: true, payload: collected(payload) };
    at = end;
  }
  return { result: at, done: false, payload: collected(payload) };
}

function collected(payload: PayloadWriter): string {
  return payload.out.toString('latin1', 0, payload.at);
}

describe('chunked body', () => {
  test.each([
    ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['several chunks', '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', 'hello!'],
    ['nothing', '0\r\n\r\n', ''],
    [
      'hex digits of both cases',
      `A\r\n${'x'.repeat(10)}\r\na\r\n${'y'.repeat(10)}\r\n0\r\n\r\n`,
      'xxxxxxxxxxyyyyyyyyyy',
    ],
    ['leading zeros', '0005\r\nhello\r\n00\r\n\r\n', 'hello'],
    ['extensions', '5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', 'hello'],
    ['a quoted extension', '5;a="b \\" c";d\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['trailers', '5\r\nhello\r\n0\r\nX-Sum: abc\r\nY:\r\n\r\n', 'hello'],
  ])('takes %s', (_, text, payload) => {
    expect(take(`${text}GET /next`)).toEqual({ result: text.length, done: true, payload });
  });

  test.each([
    ['no size', '\r\nhello', Fault.chunkSize],
    ['a sign', '+5\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a negative size', '-5\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a prefix', '0x5\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a space before it', ' 5\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a space after it', '5 \r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an underscore', '1_0\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an overflow', 'fffffffffffffffff\r\n', Fault.chunkSize],
    ['a wrap around', '10000000000000005\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['LF instead of CRLF', '5\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['CR without LF', '5\rhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a control character in an extension', '5;a\0\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an extension without a name', '5;\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an extension of a value alone', '5;=b\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an extension without its value', '5;a=\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['two semicolons', '5;;a\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['white space before an extension', '5 ;a\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['white space in an extension', '5;a b\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['more after a quoted value', '5;a="b"c\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['a line end in a quoted value', '5;a="b\r\n"\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['LF in an extension', '5;a\nb\r\nhello\r\n0\r\n\r\n', Fault.chunkSize],
    ['an endless extension', `5;${'a'.repeat(5000)}`, Fault.chunkLineTooLong],
    ['endless zeros', '0'.repeat(5000), Fault.chunkSize],
    ['too much data', '5\r\nhello!\r\n0\r\n\r\n', Fault.chunkEnd],
    ['LF after the data', '5\r\nhello\n0\r\n\r\n', Fault.chunkEnd],
    ['an end of LF', '0\r\n\n', Fault.trailer],
    ['a trailer of LF', '0\r\nA: b\n\r\n', Fault.trailer],
    ['a trailer without a name', '0\r\n: b\r\n\r\n', Fault.trailer],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', Fault.trailer],
    ['a trailer with NUL', '0\r\nA: \0\r\n\r\n', Fault.trailer],
    ['a length as trailer', '0\r\nContent-Length: 5\r\n\r\n', Fault.trailer],
    ['a coding as trailer', '0\r\nTRANSFER-ENCODING: chunked\r\n\r\n', Fault.trailer],
    ['endless trailers', `0\r\n${'A: b\r\n'.repeat(2000)}`, Fault.trailer],
  ])('refuses %s', (_, text, fault) => {
    expect(take(text).result).toBe(fault);
  });

  const chunk = fc.string({ minLength: 1, maxLength: 40 }).map(latin1);
  const ext = fc.constantFrom('', ';a', ';name=value', ';q="x;y"');
  const trailers = fc.constantFrom('', 'X: y\r\n', 'A-B: \r\nC: d e\r\n');
  const body = fc.tuple(fc.array(fc.tuple(chunk, ext), { maxLength: 6 }), trailers).map(([chunks, last]) => ({
    payload: chunks.map(([data]) => data).join(''),
    text: `${chunks.map(([data, x]) => `${data.length.toString(16)}${x}\r\n${data}\r\n`).join('')}0\r\n${last}\r\n`,
  }));

  test('any split into reads gives the same body', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(), { maxLength: 12 }), ({ payload, text }, cuts) => {
        expect(take(`${text}rest`, cuts)).toEqual({ result: text.length, done: true, payload });
      }),
    );
  });

  test('any split of any bytes gives the same answer', () => {
    const noise = fc.array(fc.constantFrom('0', '5', 'a', '\r', '\n', '\r\n', ';', ' ', ':', 'x', '\0'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 12 }), (parts, cuts) => {
        expect(take(parts.join(''), cuts)).toEqual(take(parts.join('')));
      }),
      { numRuns: 1000 },
    );
  });
});

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/**
 * What the first bytes of a client say about its protocol. A request line names its version at its end, so HTTP/1.x is
 * only taken for such when that is seen: `GET key\r\n` is a word of several other protocols too.
 */
export type FirstBytes = 'http' | 'opaque' | 'more';

/** Longest method: registered ones have up to 17 characters. */
const MAX_METHOD_BYTES = 24;

/** A line as long as this that begins like a request is one: only a codec's own limit should end it. */
export const MAX_UNDECIDED_BYTES: number = 16 * 1024;

const LF = 10;
const CR = 13;
const SP = 32;
const VERSION = Buffer.from(' HTTP/1.');

/** Judges `bytes[0, length)`, the first that a client sent. */
export function judgeFirstBytes(bytes: Buffer, length: number): FirstBytes {
  let start = 0;
  while (start < length && (bytes[start] === CR || bytes[start] === LF)) start++;
  const methodEnd = skipMethod(bytes, start, length);
  if (methodEnd < 0) return 'opaque';
  if (methodEnd === length) return length < MAX_UNDECIDED_BYTES ? 'more' : 'opaque';
  const lineEnd = bytes.subarray(0, length).indexOf(LF, methodEnd);
  if (hasControl(bytes, methodEnd, lineEnd >= 0 ? lineEnd : length)) return 'opaque';
  if (lineEnd >= 0) return endsWithVersion(bytes, methodEnd, lineEnd) ? 'http' : 'opaque';
  return length < MAX_UNDECIDED_BYTES ? 'more' : 'http';
}

/** The offset of the space after an upper-case word, `length` when the bytes end before it, -1 when there is no such word. */
function skipMethod(bytes: Buffer, start: number, length: number): number {
  for (let p = start; p < length; p++) {
    const octet = bytes[p]!;
    if (octet === SP && p > start) return p;
    const upperOrHyphen = (octet >= 65 && octet <= 90) || octet === 45 || octet === 95;
    if (!upperOrHyphen || p - start >= MAX_METHOD_BYTES) return -1;
  }
  return length;
}

/** ` HTTP/1.x` before the line's end, with or without CR. */
function endsWithVersion(bytes: Buffer, from: number, lineEnd: number): boolean {
  const end = bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
  const at = end - VERSION.length - 1;
  return at >= from && bytes.subarray(at, at + VERSION.length).equals(VERSION);
}

/** A CR may stand at the end. */
function hasControl(bytes: Buffer, from: number, to: number): boolean {
  for (let p = from; p < to; p++) {
    const octet = bytes[p]!;
    if (octet < SP && !(octet === CR && p === to - 1)) return true;
  }
  return false;
}

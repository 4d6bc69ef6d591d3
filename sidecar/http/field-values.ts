/**
 * Finds the end of field values, which are most of a head's bytes: four octets at a time where nothing is in the way.
 */
import { FIELD } from './octets.ts';

let lastBytes: Uint8Array | undefined;
let lastWords: Uint32Array | undefined;

/** `bytes` in words of four, when they are aligned. Nearly all heads are scanned in the one buffer of all reads. */
function wordsOf(bytes: Uint8Array): Uint32Array | undefined {
  if (bytes !== lastBytes) {
    const aligned = bytes.byteOffset % 4 === 0;
    lastBytes = bytes;
    lastWords = aligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : undefined;
  }
  return lastWords;
}

/** The offset of the first octet from `at` on that may not stand in a field value, `end` when there is none. */
export function endOfFieldValue(bytes: Uint8Array, at: number, end: number): number {
  let p = at;
  const words = wordsOf(bytes);
  if (words !== undefined) {
    while (p < end && (p & 3) !== 0 && FIELD[bytes[p]!] === 1) p++;
    if ((p & 3) === 0) p = skipPlainWords(words, p, end);
  }
  while (p < end && FIELD[bytes[p]!] === 1) p++;
  return p;
}

/** Skips words without control characters and DEL: an octet below a bound borrows when the bound is taken from it. */
function skipPlainWords(words: Uint32Array, at: number, end: number): number {
  let p = at;
  for (; p + 4 <= end; p += 4) {
    const word = words[p >> 2]! | 0;
    const belowSpace = (word - 0x20202020) & ~word;
    const notDel = word ^ 0x7f7f7f7f;
    const del = (notDel - 0x01010101) & ~notDel;
    if (((belowSpace | del) & 0x80808080) !== 0) break;
  }
  return p;
}

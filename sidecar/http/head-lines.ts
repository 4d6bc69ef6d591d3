/**
 * The lines of a head that was found sound before, or made here, and is kept as bytes: found again without being judged
 * again, which costs a third of a scan. Reused from head to head.
 */
import type { Found, Octets } from '#sidecar/telemetry/stream-record.ts';
import { type Head, NO_LINE } from './head.ts';
import { isNamed } from './header-in.ts';
import { COLON, CR, HTAB, LF, SP } from './octets.ts';

const value: Octets = { bytes: Buffer.alloc(0), start: 0, end: 0 };

export class HeadLines {
  #bytes: Buffer = Buffer.alloc(0);
  #lines = 0;
  readonly #nameStart: number[] = [];
  readonly #nameEnd: number[] = [];
  readonly #lineEnd: number[] = [];
  #startEnd = 0;

  /** `bytes` begins with a head; what stands behind it is not looked at. */
  read(bytes: Buffer): void {
    const p = after(bytes, 0);
    this.#begin(bytes, p);
    this.#goOn(p);
  }

  /**
   * `bytes` begins with what was made of the scanned `head`: its first line with all of its lines that were not cut (and
   * `kept`), as they came; only what follows has to be looked at.
   */
  readOn(bytes: Buffer, head: Head, kept: number): void {
    let p = head.fields - head.start;
    this.#begin(bytes, p);
    for (let line = 0; line < head.lines; line++) {
      if (head.cut[line] === 1 && line !== kept) continue;
      const start = head.nameStart[line]!;
      const end = p + head.lineEnd[line]! - start;
      this.#note(p, p + head.nameEnd[line]! - start, end - 2);
      p = end;
    }
    this.#goOn(p);
  }

  /** `bytes` is the scanned `head` as it came. */
  readScanned(bytes: Buffer, head: Head): void {
    const { start } = head;
    this.#begin(bytes, head.fields - start);
    for (let line = 0; line < head.lines; line++) {
      const { nameStart, nameEnd, lineEnd } = head;
      this.#note(nameStart[line]! - start, nameEnd[line]! - start, lineEnd[line]! - start - 2);
    }
  }

  #begin(bytes: Buffer, fields: number): void {
    this.#bytes = bytes;
    this.#lines = 0;
    this.#startEnd = fields - 2;
  }

  #note(nameStart: number, nameEnd: number, lineEnd: number): void {
    const line = this.#lines++;
    this.#nameStart[line] = nameStart;
    this.#nameEnd[line] = nameEnd;
    this.#lineEnd[line] = lineEnd;
  }

  #goOn(from: number): void {
    const bytes = this.#bytes;
    let p = from;
    while (p < bytes.length && bytes[p] !== CR) {
      const start = p;
      while (p < bytes.length && bytes[p] !== COLON) p++;
      const nameEnd = p;
      p = after(bytes, p);
      this.#note(start, nameEnd, p - 2);
    }
  }

  /** Of a request: the first word of its first line. */
  get method(): string {
    return this.#bytes.toString('latin1', 0, this.#space(0));
  }

  /** Of a request: the second word of its first line. */
  get target(): string {
    const start = this.#space(0) + 1;
    return this.#bytes.toString('latin1', start, this.#space(start));
  }

  /** Several lines joined by `, `. `name` is in lower case. */
  header(name: string): string | undefined {
    let joined: string | undefined;
    for (let line = 0; line < this.#lines; line++) {
      if (!isNamed(this.#bytes, this.#nameStart[line]!, this.#nameEnd[line]!, name)) continue;
      const value = this.#value(line);
      joined = joined === undefined ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  /** As `header`, as octets. `in-words`: there are several lines. */
  find(name: string, into: Octets): Found {
    let found = NO_LINE;
    for (let line = 0; line < this.#lines; line++) {
      if (!isNamed(this.#bytes, this.#nameStart[line]!, this.#nameEnd[line]!, name)) continue;
      if (found !== NO_LINE) return 'in-words';
      found = line;
    }
    if (found === NO_LINE) return 'missing';
    this.#trim(found, into);
    return 'found';
  }

  findMethod(into: Octets): Found {
    into.bytes = this.#bytes;
    into.start = 0;
    into.end = this.#space(0);
    return 'found';
  }

  findTarget(into: Octets): Found {
    into.bytes = this.#bytes;
    into.start = this.#space(0) + 1;
    into.end = this.#space(into.start);
    return 'found';
  }

  #space(from: number): number {
    let p = from;
    while (p < this.#startEnd && this.#bytes[p] !== SP) p++;
    return p;
  }

  #value(line: number): string {
    this.#trim(line, value);
    return this.#bytes.toString('latin1', value.start, value.end);
  }

  /** The value of a line, without the white space around it. */
  #trim(line: number, into: Octets): void {
    const bytes = this.#bytes;
    let start = this.#nameEnd[line]! + 1;
    let end = this.#lineEnd[line]!;
    while (start < end && isSpace(bytes[start]!)) start++;
    while (end > start && isSpace(bytes[end - 1]!)) end--;
    into.bytes = bytes;
    into.start = start;
    into.end = end;
  }
}

/** Further away than this a call into `Buffer.indexOf` beats a loop. */
const NEAR = 64;

/** Behind the next line's end. */
function after(bytes: Buffer, at: number): number {
  const near = Math.min(bytes.length, at + NEAR);
  let p = at;
  while (p < near && bytes[p] !== LF) p++;
  if (p < near || near === bytes.length) return p + 1;
  const end = bytes.indexOf(LF, p);
  return (end < 0 ? bytes.length : end) + 1;
}

function isSpace(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

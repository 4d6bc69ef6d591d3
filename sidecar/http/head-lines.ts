/**
 * The lines of a head that was found sound before, or made here, and is kept as bytes: found again without being judged
 * again, which costs a third of a scan. Reused from head to head.
 */
import { isNamed } from './header-in.ts';
import { COLON, CR, HTAB, LF, SP } from './octets.ts';

export class HeadLines {
  #bytes: Buffer = Buffer.alloc(0);
  #lines = 0;
  readonly #nameStart: number[] = [];
  readonly #nameEnd: number[] = [];
  readonly #lineEnd: number[] = [];
  #startEnd = 0;

  /** `bytes` begins with a head; what stands behind it is not looked at. */
  read(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#lines = 0;
    let p = after(bytes, 0);
    this.#startEnd = p - 2;
    while (p < bytes.length && bytes[p] !== CR) {
      const line = this.#lines++;
      this.#nameStart[line] = p;
      while (p < bytes.length && bytes[p] !== COLON) p++;
      this.#nameEnd[line] = p;
      p = after(bytes, p);
      this.#lineEnd[line] = p - 2;
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

  #space(from: number): number {
    let p = from;
    while (p < this.#startEnd && this.#bytes[p] !== SP) p++;
    return p;
  }

  /** Without the white space around it. */
  #value(line: number): string {
    const bytes = this.#bytes;
    let start = this.#nameEnd[line]! + 1;
    let end = this.#lineEnd[line]!;
    while (start < end && isSpace(bytes[start]!)) start++;
    while (end > start && isSpace(bytes[end - 1]!)) end--;
    return bytes.toString('latin1', start, end);
  }
}

/** Behind the next line's end. */
function after(bytes: Buffer, at: number): number {
  let p = at;
  while (p < bytes.length && bytes[p] !== LF) p++;
  return p + 1;
}

function isSpace(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

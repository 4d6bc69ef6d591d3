/** Identifiers as W3C Trace Context and B3 write them: hexadecimal digits in lower case, not all of them zero. */
import { octets } from '#sidecar/http/octets.ts';

const ZERO = 48;

/** 1 for a digit. */
const DIGIT: Uint8Array = new Uint8Array(256);
for (const digit of octets('0123456789abcdef')) DIGIT[digit] = 1;

export const SPAN_DIGITS = 16;
export const TRACE_DIGITS = 32;

export function isHex(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (DIGIT[bytes[i]!] === 0) return false;
  return true;
}

/** Whether an identifier stands there: digits that are not all zero. */
export function isId(bytes: Uint8Array, start: number, end: number): boolean {
  let zero = true;
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    if (DIGIT[octet] === 0) return false;
    if (octet !== ZERO) zero = false;
  }
  return !zero;
}

/** The number that two digits make. */
export function hexOctet(bytes: Uint8Array, at: number): number {
  return 16 * hexDigit(bytes[at]!) + hexDigit(bytes[at + 1]!);
}

/** The value of a digit of either case, or -1. */
export function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const lower = octet | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Draws identifiers. `entropy` gives that many random octets. */
export class IdSource {
  readonly #entropy: (bytes: number) => Buffer;
  #block = '';
  #at = 0;

  constructor(entropy: (bytes: number) => Buffer) {
    this.#entropy = entropy;
  }

  trace(): string {
    return this.#draw(TRACE_DIGITS);
  }

  span(): string {
    return this.#draw(SPAN_DIGITS);
  }

  #draw(digits: number): string {
    if (this.#at + digits > this.#block.length) {
      this.#block = this.#entropy(BLOCK_BYTES).toString('hex');
      this.#at = 0;
    }
    const id = this.#block.slice(this.#at, this.#at + digits);
    this.#at += digits;
    /** All zero is no identifier; one in 2⁶⁴ would be. */
    return /[^0]/.test(id) ? id : `${id.slice(0, -1)}1`;
  }
}

const BLOCK_BYTES = 512;

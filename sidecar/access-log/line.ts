/**
 * A line while it is made: octets, since strings of values that are copied once and forgotten cost more than all else of a
 * request that is logged. Reused from line to line.
 */

/** Enough for nearly all; a longer line gets memory of its own. */
const KEPT_BYTES = 8 * 1024;
/** Below this a loop beats a call into `Buffer.copy` or `Buffer.write`. */
const SHORT = 32;
const ZERO = 48;
const LARGEST_DIGITS = 0x7fffffff;

export class Line {
  octets: Buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
  length = 0;

  begin(): void {
    this.length = 0;
    if (this.octets.length > KEPT_BYTES) this.octets = Buffer.allocUnsafeSlow(KEPT_BYTES);
  }

  put(constant: Buffer): void {
    const { length } = constant;
    this.#makeRoom(length);
    const at = this.length;
    if (length < SHORT) for (let i = 0; i < length; i++) this.octets[at + i] = constant[i]!;
    else constant.copy(this.octets, at, 0, length);
    this.length = at + length;
  }

  putOctet(octet: number): void {
    this.#makeRoom(1);
    this.octets[this.length++] = octet;
  }

  /** One character an octet. */
  putText(text: string): void {
    const { length } = text;
    this.#makeRoom(length);
    const at = this.length;
    if (length < SHORT) for (let i = 0; i < length; i++) this.octets[at + i] = text.charCodeAt(i);
    else this.octets.write(text, at, 'latin1');
    this.length = at + length;
  }

  putNumber(value: number): void {
    if (!(value >= 0 && value <= LARGEST_DIGITS) || value !== (value | 0)) {
      this.putText(String(value));
      return;
    }
    let digits = 1;
    for (let rest = value; rest > 9; rest = (rest / 10) | 0) digits++;
    this.#makeRoom(digits);
    let rest = value;
    for (let p = this.length + digits - 1; p >= this.length; p--) {
      const tenth = (rest / 10) | 0;
      this.octets[p] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += digits;
  }

  /** `bytes[start, end)` if `plain` has a 1 for all of it; else false, and nothing. */
  putPlain(bytes: Uint8Array, start: number, end: number, plain: Uint8Array): boolean {
    this.#makeRoom(end - start);
    const { octets } = this;
    let p = this.length;
    for (let i = start; i < end; i++) {
      const octet = bytes[i]!;
      if (plain[octet] !== 1) return false;
      octets[p++] = octet;
    }
    this.length = p;
    return true;
  }

  #makeRoom(bytes: number): void {
    if (this.octets.length - this.length < bytes) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const octets = Buffer.allocUnsafeSlow(2 * (this.length + bytes));
    this.octets.copy(octets, 0, 0, this.length);
    this.octets = octets;
  }
}

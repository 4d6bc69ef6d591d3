/**
 * The lines that a request gets on its way: identifiers when it has none, and who sends it.
 *
 * They are kept as one block of bytes, in which only the last digits of the identifiers change from request to request:
 * a request costs one copy. Identifiers have to be unique and spread evenly (samplers go by their digits), not secret:
 * so most of their digits are drawn once, and the others count through all of 32 bits in a scattered order.
 */
import { put } from './octets.ts';

/** The two hexadecimal digits of each octet. */
const HEX = Buffer.from(Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')).join(''));

const REQUEST_ID = 'x-request-id: ';

/** Random octets that `AddedLines` draws at once. */
export const ENTROPY_BYTES = 28;

export interface AddedLinesOptions {
  /** `x-envoy-peer-metadata` of this workload; empty towards the app. */
  readonly peerMetadata: string;
  /** How requests came here: `x-forwarded-proto` of those that do not say; http unless it is said. */
  readonly scheme?: 'http' | 'https';
  /** Requests without a traceparent get one that says not recorded: where requests are traced. */
  readonly traceparent: boolean;
  /** Draws `ENTROPY_BYTES` random octets. */
  readonly entropy: () => Buffer;
}

export class AddedLines {
  readonly #options: AddedLinesOptions;
  #block: Buffer;
  /** Ends of the lines in the block: request id, traceparent, forwarded proto; the rest is always added. */
  #requestIdEnd = 0;
  #traceparentEnd = 0;
  #forwardedProtoEnd = 0;
  /** Offsets behind the digits that change. */
  #changing: readonly number[] = [];
  #count = 0;

  constructor(options: AddedLinesOptions) {
    this.#options = options;
    this.#block = this.#draw();
  }

  /** Bytes that `put` writes at most. */
  get length(): number {
    return this.#block.length;
  }

  /** Writes the lines to `out`, those first three only that the request does not have. Returns the offset after them. */
  put(out: Buffer, at: number, requestId: boolean, traceparent: boolean, forwardedProto: boolean): number {
    this.#next();
    const block = this.#block;
    if (requestId && traceparent && forwardedProto) return put(out, at, block, 0, block.length);
    let p = at;
    if (requestId) p = put(out, p, block, 0, this.#requestIdEnd);
    if (traceparent) p = put(out, p, block, this.#requestIdEnd, this.#traceparentEnd);
    if (forwardedProto) p = put(out, p, block, this.#traceparentEnd, this.#forwardedProtoEnd);
    return put(out, p, block, this.#forwardedProtoEnd, block.length);
  }

  #next(): void {
    this.#count = (this.#count + 1) | 0;
    if (this.#count === 0) this.#block = this.#draw();
    const bits = scatter(this.#count);
    for (const end of this.#changing) putHex(this.#block, end, bits);
  }

  /** A block with identifiers that were never given out. */
  #draw(): Buffer {
    const { entropy, traceparent, peerMetadata, scheme = 'http' } = this.#options;
    const drawn = entropy().toString('hex');
    const variant = '89ab'[Number.parseInt(drawn[16]!, 16) & 3]!;
    const rest = `${drawn.slice(8, 12)}-4${drawn.slice(13, 16)}-${variant}${drawn.slice(17, 20)}-${drawn.slice(20, 24)}${drawn.slice(0, 8)}`;
    // The first digits change: by these samplers go (Envoy's, and this proxy's own).
    const requestId = `${REQUEST_ID}00000000-${rest}\r\n`;
    // The sampler has decided against it: with flag 00 nobody further on records a part of what has no root.
    const parent = `traceparent: 00-${drawn.slice(24, 48)}00000000-${drawn.slice(48, 56)}00000000-00\r\n`;
    const proto = `x-forwarded-proto: ${scheme}\r\n`;
    const peer = peerMetadata === '' ? '' : `x-envoy-peer-metadata: ${peerMetadata}\r\n`;
    this.#requestIdEnd = requestId.length;
    this.#traceparentEnd = this.#requestIdEnd + (traceparent ? parent.length : 0);
    this.#forwardedProtoEnd = this.#traceparentEnd + proto.length;
    const span = this.#traceparentEnd - '-00\r\n'.length;
    const trace = span - '-0123456789abcdef'.length;
    const id = REQUEST_ID.length + '00000000'.length;
    this.#changing = traceparent ? [id, trace, span] : [id];
    return Buffer.from(`${requestId}${traceparent ? parent : ''}${proto}${peer}`, 'latin1');
  }
}

/** Takes each of 2³² numbers to another one, far from where its neighbours go (the finalizer of MurmurHash3). */
function scatter(count: number): number {
  let bits = Math.imul(count ^ (count >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** Eight hexadecimal digits in front of `end`. */
function putHex(out: Buffer, end: number, bits: number): void {
  for (let p = end - 2, left = bits, i = 0; i < 4; i++, p -= 2, left >>>= 8) {
    const digits = (left & 255) * 2;
    out[p] = HEX[digits]!;
    out[p + 1] = HEX[digits + 1]!;
  }
}

/**
 * The chunked coding (RFC 9112 §7.1), validated octet by octet across any split of reads: sizes are plain hex digits,
 * every line ends with CRLF, extensions and trailers are well-formed and bounded.
 */
import type { PayloadSink } from './body.ts';
import { ChunkExtension } from './chunk-extension.ts';
import { Fault } from './fault.ts';
import { MAX_CHUNK_LINE_BYTES, MAX_TRAILER_BYTES } from './limits.ts';
import { COLON, CR, FIELD, LF, SEMICOLON, TOKEN } from './octets.ts';

type State =
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-lf'
  | 'last-lf';

/**
 * Field names that would change what the head said if a receiver merged the trailers into it (RFC 9110 §6.5.1): of the
 * framing, of the hop, of routing, of who sends it, and of how the content is to be read. Not its type, which a sender
 * should know before, and yet some send here; every receiver that was tried leaves it among the trailers.
 */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content_length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'transfer_encoding',
  'upgrade',
  'x-envoy-peer-metadata',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** Digits of a size: enough for any, and no zeros without end, of which receivers count too few or too many. */
const MAX_SIZE_DIGITS = 16;

/** Of its line, a chunk may have this and twice its data for nothing; of all that is more a body may have this. */
const FREE_LINE_BYTES = 16;
const MAX_EXCESS_BYTES: number = 16 * 1024;

export class ChunkScanner {
  done = false;
  readonly #extension = new ChunkExtension();
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  #excessBytes = 0;
  #trailerBytes = 0;
  #trailerName = '';

  /** Takes the chunks in `bytes[at, end)`. Returns the offset after what belongs to the body, or a fault. */
  take(bytes: Buffer, at: number, end: number, sink?: PayloadSink): number {
    let p = at;
    while (p < end) {
      if (this.#state === 'data') {
        const taken = Math.min(this.#size, end - p);
        sink?.payload(bytes, p, p + taken);
        p += taken;
        this.#size -= taken;
        if (this.#size === 0) this.#state = 'data-cr';
        continue;
      }
      const fault = this.#step(bytes[p++]!);
      if (fault !== 0) return fault;
      if (this.done) return p;
    }
    return p;
  }

  #step(octet: number): number {
    switch (this.#state) {
      case 'size':
        return this.#sizeDigit(octet);
      case 'extension':
        return this.#extensionOctet(octet);
      case 'size-lf':
        return octet === LF ? this.#sizeEnded() : Fault.chunkSize;
      case 'data-cr':
        return octet === CR ? this.#go('data-lf') : Fault.chunkEnd;
      case 'data-lf':
        return octet === LF ? this.#go('size') : Fault.chunkEnd;
      default:
        return this.#trailerStep(octet);
    }
  }

  #sizeDigit(octet: number): number {
    const digit = hexDigit(octet);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
      const tooLarge = this.#digits > MAX_SIZE_DIGITS || this.#size > Number.MAX_SAFE_INTEGER;
      return tooLarge ? Fault.chunkSize : this.#grow();
    }
    if (this.#digits === 0) return Fault.chunkSize;
    if (octet === CR) return this.#go('size-lf');
    if (octet !== SEMICOLON) return Fault.chunkSize;
    this.#extension.begin();
    return this.#go('extension');
  }

  #extensionOctet(octet: number): number {
    const verdict = this.#extension.take(octet);
    if (verdict === 'end') return this.#go('size-lf');
    return verdict === 'inside' ? this.#grow() : Fault.chunkSize;
  }

  #sizeEnded(): number {
    const excess = this.#excessBytes + this.#lineBytes - FREE_LINE_BYTES - 2 * this.#size;
    this.#excessBytes = Math.max(0, excess);
    if (excess > MAX_EXCESS_BYTES) return Fault.chunkExtensions;
    this.#digits = 0;
    this.#lineBytes = 0;
    return this.#go(this.#size === 0 ? 'trailer' : 'data');
  }

  #trailerStep(octet: number): number {
    this.#trailerBytes += 1;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return Fault.trailer;
    switch (this.#state) {
      case 'trailer':
        if (octet === CR) return this.#go('last-lf');
        this.#trailerName = '';
        this.#state = 'trailer-name';
        return this.#nameOctet(octet);
      case 'trailer-name':
        return this.#nameOctet(octet);
      case 'trailer-value':
        if (octet === CR) return this.#go('trailer-lf');
        return FIELD[octet] === 1 ? 0 : Fault.trailer;
      case 'trailer-lf':
        return octet === LF ? this.#go('trailer') : Fault.trailer;
      default:
        this.done = octet === LF;
        return this.done ? 0 : Fault.trailer;
    }
  }

  #nameOctet(octet: number): number {
    if (octet === COLON && this.#trailerName !== '') {
      return FORBIDDEN_TRAILERS.has(this.#trailerName) ? Fault.trailer : this.#go('trailer-value');
    }
    if (TOKEN[octet] === 0) return Fault.trailer;
    this.#trailerName += String.fromCharCode(TOKEN[octet]!);
    return 0;
  }

  #grow(): number {
    this.#lineBytes += 1;
    return this.#lineBytes > MAX_CHUNK_LINE_BYTES ? Fault.chunkLineTooLong : 0;
  }

  #go(state: State): number {
    this.#state = state;
    return 0;
  }
}

function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const letter = octet | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

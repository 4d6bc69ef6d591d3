/**
 * Reads the responses of one connection as its bytes come, and keeps nothing of their bodies: a soak downloads far more than
 * it could hold. Strict enough to notice when something is missing or too much.
 */

export interface ResponseHead {
  readonly status: number;
  /** Lower-case names; of a name that comes twice, the last. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What comes; `bytes` are valid during the call only. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void;
  onBody(bytes: Buffer): void;
  /** A response is complete. */
  onEnd(): void;
  /** Bytes after a 101. */
  onTunnel(bytes: Buffer): void;
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'close' | 'tunnel';

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const NO_BYTES = Buffer.alloc(0);

export class ResponseReader {
  readonly #events: ResponseEvents;
  /** Whether the next response is one to HEAD. */
  readonly #headOnly: () => boolean;
  #state: State = 'head';
  #left = 0;
  #kept: Buffer = NO_BYTES;

  constructor(events: ResponseEvents, headOnly: () => boolean) {
    this.#events = events;
    this.#headOnly = headOnly;
  }

  /** Between two responses. */
  get idle(): boolean {
    return this.#state === 'head' && this.#kept.length === 0;
  }

  /** Throws when the bytes are no HTTP response. */
  read(chunk: Buffer): void {
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = NO_BYTES;
    while (bytes.length > 0) {
      const used = this.#step(bytes);
      if (used === 0) {
        this.#kept = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  /** The peer sends no more. True when that ends a response, or comes between two. */
  end(): boolean {
    if (this.#state === 'close') {
      this.#finish();
      return true;
    }
    return this.idle || this.#state === 'tunnel';
  }

  /** Returns how many bytes it used; 0 when there are too few. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes);
      case 'length':
      case 'chunk':
        return this.#body(bytes);
      case 'chunk-size':
        return this.#chunkSize(bytes);
      case 'chunk-end':
        return this.#chunkEnd(bytes);
      case 'trailers':
        return this.#trailers(bytes);
      case 'close':
        this.#events.onBody(bytes);
        return bytes.length;
      case 'tunnel':
        this.#events.onTunnel(bytes);
        return bytes.length;
    }
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return 0;
    const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    if (!(status >= 100)) throw new Error(`no status line: ${JSON.stringify(first.slice(0, 80))}`);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    if (status === 101) this.#state = 'tunnel';
    if (status >= 200 || status === 101) this.#events.onHead({ status, headers });
    if (status >= 200) this.#frame(status, headers);
    return end + HEAD_END.length;
  }

  #frame(status: number, headers: ReadonlyMap<string, string>): void {
    const length = headers.get('content-length');
    if (this.#headOnly() || status === 204 || status === 304) this.#finish();
    else if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') this.#state = 'chunk-size';
    else if (length === undefined) this.#state = 'close';
    else if (length === '0') this.#finish();
    else {
      this.#left = Number(length);
      this.#state = 'length';
    }
  }

  #body(bytes: Buffer): number {
    const used = Math.min(this.#left, bytes.length);
    this.#events.onBody(bytes.subarray(0, used));
    this.#left -= used;
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk-end';
      else this.#finish();
    }
    return used;
  }

  #chunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(CRLF);
    if (end < 0) return 0;
    const text = bytes.toString('latin1', 0, end).split(';')[0]!;
    if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`no chunk size: ${JSON.stringify(text.slice(0, 80))}`);
    this.#left = Number.parseInt(text, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return end + CRLF.length;
  }

  #chunkEnd(bytes: Buffer): number {
    if (bytes.length < CRLF.length) return 0;
    if (!bytes.subarray(0, CRLF.length).equals(CRLF)) throw new Error('a chunk does not end with CRLF');
    this.#state = 'chunk-size';
    return CRLF.length;
  }

  #trailers(bytes: Buffer): number {
    const end = bytes.indexOf(CRLF);
    if (end < 0) return 0;
    if (end === 0) this.#finish();
    return end + CRLF.length;
  }

  #finish(): void {
    this.#state = 'head';
    this.#events.onEnd();
  }
}

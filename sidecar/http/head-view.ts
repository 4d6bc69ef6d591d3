import type { RequestView } from '#sidecar/routing/request-view.ts';
import { type Head, NO_LINE } from './head.ts';
import { headerIn } from './header-in.ts';
import { SLASH, sameOctets } from './octets.ts';

/**
 * A scanned request head as routing reads it. Strings are made at their first use; the authority, which rarely
 * changes on a connection, is kept for as long as its bytes stay the same. Reused: valid until the next `show`.
 */
export class HeadView implements RequestView {
  readonly scheme: 'http' | 'https';
  #bytes: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  #method: string | undefined;
  #path: string | undefined;
  #authority = '';
  #authorityBytes: Uint8Array = new Uint8Array(0);
  readonly #fallbackHost: string;

  /** `fallbackHost` is the authority of requests that name none. */
  constructor(fallbackHost: string, scheme: 'http' | 'https') {
    this.scheme = scheme;
    this.#fallbackHost = fallbackHost;
  }

  show(bytes: Buffer, head: Head): void {
    this.#bytes = bytes;
    this.#head = head;
    this.#method = undefined;
    this.#path = undefined;
  }

  get method(): string {
    this.#method ??= this.#bytes.toString('latin1', this.#head!.start, this.#head!.methodEnd);
    return this.#method;
  }

  get path(): string {
    if (this.#path === undefined) {
      const head = this.#head!;
      const sent = this.#bytes.toString('latin1', head.pathStart, head.targetEnd);
      this.#path = head.absolute && this.#bytes[head.pathStart] !== SLASH ? `/${sent}` : sent;
    }
    return this.#path;
  }

  get rooted(): boolean {
    const head = this.#head!;
    return head.absolute || this.#bytes[head.pathStart] === SLASH;
  }

  get authority(): string {
    const head = this.#head!;
    if (head.host === NO_LINE && !head.absolute) return this.#fallbackHost;
    const { authorityStart: start, authorityEnd: end } = head;
    if (!sameOctets(this.#bytes, start, end, this.#authorityBytes)) {
      this.#authorityBytes = Uint8Array.prototype.slice.call(this.#bytes, start, end);
      this.#authority = this.#bytes.toString('latin1', start, end).toLowerCase();
    }
    return this.#authority;
  }

  header(name: string): string | undefined {
    return headerIn(this.#bytes, this.#head!, name);
  }
}

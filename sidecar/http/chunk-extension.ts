/**
 * The grammar of chunk extensions (RFC 9112 §7.1.1): `;name`, `;name=token`, `;name="quoted"`, repeated. Nobody needs
 * what they say, but receivers disagree on where a malformed one ends, so it is refused. So is the white space that the
 * grammar allows around `;` and `=` for old senders: parsers in use refuse it too.
 */
import { BACKSLASH, CR, DQUOTE, EQUALS, FIELD, SEMICOLON, TOKEN } from './octets.ts';

type State = 'name-start' | 'name' | 'value-start' | 'value' | 'quoted' | 'quoted-pair' | 'after-quoted';

/** What an octet was: part of the extensions, the CR that ends them, or one that may not stand there. */
export type Verdict = 'inside' | 'end' | 'malformed';

/** Reads the octets after the first `;` of a chunk's line, the closing CR included. */
export class ChunkExtension {
  #state: State = 'name-start';

  /** Begins anew, after a `;`. */
  begin(): void {
    this.#state = 'name-start';
  }

  take(octet: number): Verdict {
    switch (this.#state) {
      case 'name-start':
        return this.#token(octet, 'name');
      case 'name':
        if (octet === EQUALS) return this.#go('value-start');
        return this.#separator(octet) ?? this.#token(octet, 'name');
      case 'value-start':
        return octet === DQUOTE ? this.#go('quoted') : this.#token(octet, 'value');
      case 'value':
        return this.#separator(octet) ?? this.#token(octet, 'value');
      case 'quoted':
        if (octet === DQUOTE) return this.#go('after-quoted');
        if (octet === BACKSLASH) return this.#go('quoted-pair');
        return FIELD[octet] === 1 ? 'inside' : 'malformed';
      case 'quoted-pair':
        return FIELD[octet] === 1 ? this.#go('quoted') : 'malformed';
      case 'after-quoted':
        return this.#separator(octet) ?? 'malformed';
    }
  }

  #token(octet: number, next: State): Verdict {
    return TOKEN[octet] === 0 ? 'malformed' : this.#go(next);
  }

  #separator(octet: number): Verdict | undefined {
    if (octet === CR) return 'end';
    return octet === SEMICOLON ? this.#go('name-start') : undefined;
  }

  #go(state: State): Verdict {
    this.#state = state;
    return 'inside';
  }
}

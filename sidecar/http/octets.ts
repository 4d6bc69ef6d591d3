/**
 * Tables and comparisons over octets, as RFC 9110 §5.5–5.6 names their classes. Everything that reads a head works on
 * bytes with these; a string is made only where a rule asks for one.
 */
export const HTAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const DQUOTE = 34;
export const HASH = 35;
export const COMMA = 44;
export const SLASH = 47;
export const COLON = 58;
export const SEMICOLON = 59;
export const EQUALS = 61;
export const BACKSLASH = 92;
export const ASTERISK = 42;
export const DEL = 127;

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HOST_CHARS = "!$&'()*+-.;=_~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The lower-case form of octets that may stand in a token, 0 for all others. */
export const TOKEN: Uint8Array = new Uint8Array(256);
for (const char of TOKEN_CHARS) TOKEN[char.charCodeAt(0)] = char.toLowerCase().charCodeAt(0);

/** 1 for octets that may stand in a field value: HTAB, SP, VCHAR and obs-text. */
export const FIELD: Uint8Array = new Uint8Array(256);
for (let octet = SP; octet < 256; octet++) if (octet !== DEL) FIELD[octet] = 1;
FIELD[HTAB] = 1;

/**
 * 1 for octets that may stand in a request target: VCHAR, but no `#`, for a target has no fragment. Some that a URI has not
 * are sent and taken everywhere (`|`, `"`, braces); octets above ASCII are not: HAProxy, Envoy and llhttp refuse them.
 */
export const TARGET: Uint8Array = new Uint8Array(256);
for (let octet = SP + 1; octet < DEL; octet++) if (octet !== HASH) TARGET[octet] = 1;

/**
 * 1 for octets that may stand in the name of a host (RFC 3986 §3.2.2). Not the comma, which makes two hosts of one for some,
 * nor percent encodings, in which an equal name hides (RFC 9110 §4.2.3) from routes that compare octets.
 */
export const HOST: Uint8Array = new Uint8Array(256);
for (const char of HOST_CHARS) HOST[char.charCodeAt(0)] = 1;

/** The octets of an ASCII text. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Whether the token at `at` is `name` (given in lower case), whatever its case. The caller checked the length. */
export function isToken(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[bytes[at + i]!] !== name[i]) return false;
  }
  return true;
}

/** Whether `bytes[start, end)` is exactly the token `name` (given in lower case), whatever its case. */
export function equalsToken(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  return end - start === name.length && isToken(bytes, start, name);
}

/** Below this a loop beats the call into `Buffer.copy` or `Buffer.compare`. */
const SHORT = 24;

/** Whether `a[start, end)` holds the octets of `b`. */
export function sameOctets(a: Buffer, start: number, end: number, b: Uint8Array): boolean {
  if (end - start !== b.length) return false;
  if (b.length >= SHORT) return a.compare(b, 0, b.length, start, end) === 0;
  for (let i = 0; i < b.length; i++) if (a[start + i] !== b[i]) return false;
  return true;
}

/** Copies `from[start, end)` to `out` at `at`; returns the offset after it. */
export function put(out: Buffer, at: number, from: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length >= SHORT) {
    from.copy(out, at, start, end);
    return at + length;
  }
  let next = at;
  for (let i = start; i < end; i++) out[next++] = from[i]!;
  return next;
}

/** Copies all of a short constant to `out` at `at`; returns the offset after it. */
export function putAll(out: Buffer, at: number, constant: Uint8Array): number {
  for (let i = 0; i < constant.length; i++) out[at + i] = constant[i]!;
  return at + constant.length;
}

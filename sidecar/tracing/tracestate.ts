/**
 * `tracestate` (W3C Trace Context): what tracing systems tell each other beside the identifiers. This proxy adds
 * nothing to it: the lines only have to be well-formed to go on, and are put into one where they are written anew.
 */
import { COMMA, EQUALS, HTAB, SP } from '#sidecar/http/octets.ts';
import { owned } from './bounded.ts';

/** "list" */
export const MAX_MEMBERS = 32;
/** "Key" and "Value" */
const MAX_KEY = 256;
const MAX_TENANT = 241;
const MAX_SYSTEM = 14;
const MAX_VALUE = 256;
/** "tracestate Limits": what has to be propagated at least, and the entries that go first where it is more. */
export const KEPT_CHARACTERS = 512;
const LONG_MEMBER = 128;

const AT = 64;
const LOWER_A = 97;
const LOWER_Z = 122;

/** Members of one line, or -1 when one of them is malformed. Empty ones are allowed, and do not count. */
export function countMembers(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let from = start;
  for (let i = start; i <= end; i++) {
    if (i < end && bytes[i] !== COMMA) continue;
    const first = afterSpace(bytes, from, i);
    const last = beforeSpace(bytes, first, i);
    if (last > first) {
      if (!isMember(bytes, first, last)) return -1;
      count += 1;
    }
    from = i + 1;
  }
  return count;
}

/**
 * Well-formed lines in one, in their order, without what stands twice. Longer than `KEPT_CHARACTERS`, it loses the long
 * members first and then the last ones, for new ones are put in front.
 */
export function joinTracestate(values: readonly string[]): string {
  const byKey = new Map<string, string>();
  for (const member of values.join(',').split(',')) {
    const trimmed = member.replace(/^[ \t]+|[ \t]+$/g, '');
    const key = trimmed.slice(0, trimmed.indexOf('='));
    if (trimmed !== '' && !byKey.has(key)) byKey.set(key, trimmed);
  }
  let members = [...byKey.values()];
  if (lengthOf(members) > KEPT_CHARACTERS) members = members.filter(({ length }) => length <= LONG_MEMBER);
  while (lengthOf(members) > KEPT_CHARACTERS) members.pop();
  return owned(members.join(','));
}

function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, { length }) => sum + length + 1, -1);
}

function isMember(bytes: Uint8Array, start: number, end: number): boolean {
  const equals = bytes.indexOf(EQUALS, start);
  if (equals < 0 || equals >= end) return false;
  return isKey(bytes, start, equals) && isValue(bytes, equals + 1, end);
}

function isKey(bytes: Uint8Array, start: number, end: number): boolean {
  const at = bytes.indexOf(AT, start);
  if (at < 0 || at >= end) {
    return end - start <= MAX_KEY && isLetter(bytes[start]!) && areKeyCharacters(bytes, start, end);
  }
  const tenant = at - start;
  const system = end - at - 1;
  if (tenant < 1 || tenant > MAX_TENANT || system < 1 || system > MAX_SYSTEM) return false;
  if (!isLetter(bytes[start]!) && !isDigit(bytes[start]!)) return false;
  return (
    isLetter(bytes[at + 1]!) && areKeyCharacters(bytes, start, at) && areKeyCharacters(bytes, at + 1, end)
  );
}

/** Lower-case letters, digits, `_`, `-`, `*` and `/`. */
function areKeyCharacters(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    if (isLetter(octet) || isDigit(octet)) continue;
    if (octet !== 95 && octet !== 45 && octet !== 42 && octet !== 47) return false;
  }
  return true;
}

/** Printable ASCII but comma and equals; a space may stand inside. */
function isValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > MAX_VALUE) return false;
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    if (octet < SP || octet > 126 || octet === EQUALS || octet === COMMA) return false;
  }
  return true;
}

function isLetter(octet: number): boolean {
  return octet >= LOWER_A && octet <= LOWER_Z;
}

function isDigit(octet: number): boolean {
  return octet >= 48 && octet <= 57;
}

function afterSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at += 1;
  return at;
}

function beforeSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at -= 1;
  return at;
}

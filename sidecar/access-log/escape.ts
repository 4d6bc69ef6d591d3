/**
 * Values come from strangers: whatever they hold, a line stays one line, and its fields are where they were meant to be.
 * What is written is ASCII, so that no reader has to guess an encoding.
 */
import { isUtf8 } from 'node:buffer';

/** Anything but printable ASCII, and what quotes and escapes. */
const UNSAFE = /[^ !#-[\]-~]/;
const EACH_UNSAFE = /[^ !#-[\]-~]/g;
const EACH_UNSAFE_OR_SPACE = /[^!#-[\]-~]/g;
const BEYOND_ASCII = /[\x7f-\uffff]/g;
const SP = 32;
const BEYOND_OCTETS = /[\u0100-\uffff]/;

/** 1 for octets that need nothing of all this, and of these for those that end no field. */
export const PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  UNSAFE.test(String.fromCharCode(octet)) ? 0 : 1,
);
export const PLAIN_IN_FIELD: Uint8Array = Uint8Array.from(PLAIN, (plain, octet) =>
  octet === SP ? 0 : plain,
);

/** For text: as nginx does it, `\x22`. Octets beyond ASCII too, one by one. */
export function escapeText(value: string): string {
  return UNSAFE.test(value) ? octetsOf(value).replace(EACH_UNSAFE, asHex) : value;
}

/** For a field that ends at the next space. */
export function escapeField(value: string): string {
  if (!UNSAFE.test(value) && !value.includes(' ')) return value;
  return octetsOf(value).replace(EACH_UNSAFE_OR_SPACE, asHex);
}

/** A JSON string. Octets that are UTF-8 are the text that they spell. */
export function quoteJson(value: string): string {
  return UNSAFE.test(value) ? JSON.stringify(textOf(value)).replace(BEYOND_ASCII, asUnicode) : `"${value}"`;
}

function asHex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function asUnicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** One character an octet. Header values come so; our own words may hold more. */
function octetsOf(value: string): string {
  return BEYOND_OCTETS.test(value) ? Buffer.from(value).toString('latin1') : value;
}

function textOf(value: string): string {
  if (BEYOND_OCTETS.test(value)) return value;
  const octets = Buffer.from(value, 'latin1');
  return isUtf8(octets) ? octets.toString('utf8') : value;
}

import { WeftError } from '#api/foundation/errors.ts';

export type Token =
  | { readonly kind: 'int' | 'double'; readonly value: number; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'name' | 'sign' | 'end'; readonly text: string; readonly at: number };

/** Says where an expression is wrong, counted from 1. */
export function invalid(why: string, at?: number): WeftError {
  return new WeftError('ExpressionInvalid', at === undefined ? why : `${why} (at character ${at + 1})`);
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y;
const SIGN = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;
const STRING = /[rR]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/y;

/** The words of an expression, in CEL's lexical rules; bytes and unsigned numbers are refused. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = take(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const found = tokenAt(take, at);
    tokens.push(found.token);
    at += found.length;
  }
  tokens.push({ kind: 'end', text: 'the end', at });
  return tokens;
}

function tokenAt(
  take: (pattern: RegExp) => string | undefined,
  at: number,
): { readonly token: Token; readonly length: number } {
  const quoted = take(STRING);
  if (quoted !== undefined)
    return { token: { kind: 'string', value: unquote(quoted, at), at }, length: quoted.length };
  const digits = take(NUMBER);
  if (digits !== undefined) return { token: numberToken(digits, at), length: digits.length };
  const name = take(NAME);
  if (name !== undefined) return { token: { kind: 'name', text: name, at }, length: name.length };
  const sign = take(SIGN);
  if (sign !== undefined) return { token: { kind: 'sign', text: sign, at }, length: sign.length };
  throw invalid('there is a character that no expression has, or a string without its end', at);
}

function numberToken(digits: string, at: number): Token {
  const value = Number(digits);
  const isInt = /^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(digits);
  if (isInt && !Number.isSafeInteger(value)) throw invalid(`the number ${digits} is too large`, at);
  return { kind: isInt ? 'int' : 'double', value, at };
}

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))/g;

const SINGLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

function unquote(quoted: string, at: number): string {
  const isRaw = /^[rR]/.test(quoted);
  const body = quoted.slice(isRaw ? 2 : 1, -1);
  if (isRaw) return body;
  return body.replace(ESCAPE, (_, hex, four, eight, octal, single) => {
    const code = hex ?? four ?? eight;
    const point = code !== undefined ? Number.parseInt(code, 16) : octal && Number.parseInt(octal, 8);
    if (point !== undefined) {
      if (point > 0x10ffff) throw invalid('a string has an escape that is no character', at);
      return String.fromCodePoint(point);
    }
    const known = SINGLE[single];
    if (known === undefined) throw invalid(`a string has the escape \\${single}, which is not known`, at);
    return known;
  });
}

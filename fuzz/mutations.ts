/** Splices that turn a message into one nearby. */
import type { Dice } from './dice.ts';

/** What parsers stumble over. */
const WORDS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  ' ',
  '\t',
  '\x0b',
  '\x0c',
  '\0',
  '\x7f',
  '\x80',
  '\xa0',
  '\xff',
  ':',
  ';',
  ',',
  '=',
  '"',
  '\\',
  '#',
  '/',
  '?',
  '@',
  '*',
  '%',
  '_',
  '-',
  '+',
  '0',
  '5',
  'a',
  'x',
  '0x',
  '00',
  'ffffffffffffffff',
  'PRI ',
  'HTTP/1.1',
  'HTTP/1.0',
  ' HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: ',
  'chunked',
  'identity',
  'Host: b\r\n',
  'Host',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: ',
  'close',
  'keep-alive',
  'Upgrade: x\r\n',
  'Expect: 100-continue\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '\r\n x',
  ';a=b',
  ';a="',
  'X: y\r\n',
];
const MOST_BYTES = 40;

type Mutation = (text: string, dice: Dice, other: string) => string;

const insert: Mutation = (text, dice) => splice(text, dice.below(text.length + 1), 0, dice.pick(WORDS));

const replace: Mutation = (text, dice) =>
  splice(text, dice.below(text.length + 1), 1 + dice.below(3), dice.pick(WORDS));

const cut: Mutation = (text, dice) =>
  splice(text, dice.below(text.length + 1), 1 + dice.below(MOST_BYTES), '');

const repeat: Mutation = (text, dice) => {
  const at = dice.below(text.length + 1);
  return splice(text, at, 0, text.slice(at, at + 1 + dice.below(MOST_BYTES)));
};

const octet: Mutation = (text, dice) =>
  splice(text, dice.below(text.length + 1), 1, String.fromCharCode(dice.below(256)));

const flipCase: Mutation = (text, dice) => {
  const at = dice.below(text.length + 1);
  const letter = text.slice(at, at + 1);
  return splice(text, at, 1, letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
};

const graft: Mutation = (text, dice, other) => {
  const from = dice.below(other.length + 1);
  return splice(
    text,
    dice.below(text.length + 1),
    dice.below(4),
    other.slice(from, from + dice.below(MOST_BYTES)),
  );
};

/** A line end goes wrong where there is one. */
const lineEnd: Mutation = (text, dice) => {
  const ends = [...text.matchAll(/\r\n/g)];
  if (ends.length === 0) return text;
  return splice(
    text,
    dice.pick(ends).index,
    2,
    dice.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '', '\r\n\r\n', ' \r\n', '\0\r\n']),
  );
};

/** Cut off, as a connection that breaks. */
const truncate: Mutation = (text, dice) => text.slice(0, dice.below(text.length + 1));

const MUTATIONS: readonly Mutation[] = [
  insert,
  insert,
  replace,
  cut,
  repeat,
  octet,
  flipCase,
  graft,
  lineEnd,
  truncate,
];

/** `text` after a few mutations, some of which take pieces of `other`. */
export function mutate(text: string, other: string, dice: Dice): string {
  let mutated = text;
  for (let left = 1 + dice.below(3); left > 0; left--) mutated = dice.pick(MUTATIONS)(mutated, dice, other);
  return mutated;
}

function splice(text: string, at: number, length: number, inserted: string): string {
  return text.slice(0, at) + inserted + text.slice(at + length);
}

/**
 * Whether a text is what Prometheus' text format 0.0.4 allows. One wrong line makes a scraper drop the whole page, ours with
 * it. Read by character, in one pass, and in turns of the event loop, since it is long and the traffic passes on the same
 * thread: the text is the app's.
 */

/** The first line that cannot stand on a page, and why. */
export interface Flaw {
  readonly line: number;
  readonly why: string;
}

const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const KEYWORD = '#';
const NEWLINE = 10;
const QUOTE = 34;
const BACKSLASH = 92;

/** Characters that are looked at in one turn, in about a millisecond. */
const TURN = 64 * 1024;

/** `isTaken`: names of metrics that nobody else may use. Undefined when the text may stand as it is. */
export async function findFlaw(text: string, isTaken: (name: string) => boolean): Promise<Flaw | undefined> {
  if (text !== '' && text.charCodeAt(text.length - 1) !== NEWLINE)
    return { line: 0, why: 'the last line has no end' };
  let turn = TURN;
  let line = 1;
  for (let start = 0; start < text.length; line += 1) {
    const end = text.indexOf('\n', start);
    if (end - start > TURN) return { line, why: 'a line that is too long' };
    const why = flawOfLine(text.slice(start, end), isTaken);
    if (why !== undefined) return { line, why };
    start = end + 1;
    if (start < turn) continue;
    turn = start + TURN;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

function flawOfLine(line: string, isTaken: (name: string) => boolean): string | undefined {
  const at = skipBlanks(line, 0);
  if (at === line.length) return undefined;
  return line[at] === KEYWORD ? flawOfComment(line, at + 1, isTaken) : flawOfSample(line, at, isTaken);
}

/** Only `# TYPE` and `# HELP` mean something. */
function flawOfComment(line: string, from: number, isTaken: (name: string) => boolean): string | undefined {
  const [word, name = '', type = '', ...rest] = wordsOf(line, from, 4);
  if (word !== 'TYPE' && word !== 'HELP') return undefined;
  if (nameEnd(name, 0) !== name.length || name === '') return `${word} of no name`;
  if (isTaken(name)) return "a name of the sidecar's";
  if (word === 'TYPE' && (!TYPES.has(type) || rest.length > 0)) return 'no type that there is';
  return undefined;
}

function flawOfSample(line: string, from: number, isTaken: (name: string) => boolean): string | undefined {
  const end = nameEnd(line, from);
  if (end === from) return 'no name of a metric';
  if (isTaken(line.slice(from, end))) return "a name of the sidecar's";
  let at = skipBlanks(line, end);
  if (line[at] === '{') {
    const after = labelsEnd(line, at + 1);
    if (after < 0) return 'labels that are none';
    at = after;
  } else if (at === end) return 'no value';
  const [value = '', time, more] = wordsOf(line, at, 3);
  if (!isValue(value)) return 'no value';
  if (time !== undefined && !isWhole(time)) return 'no time';
  return more === undefined ? undefined : 'more than a value and a time';
}

/** Position behind the closing brace; -1 when there is none, or something else in between. */
function labelsEnd(line: string, from: number): number {
  let at = skipBlanks(line, from);
  while (line[at] !== '}') {
    const nameStop = nameEnd(line, at);
    if (nameStop === at || line.slice(at, nameStop).includes(':')) return -1;
    at = skipBlanks(line, nameStop);
    if (line[at] !== '=') return -1;
    at = skipBlanks(line, at + 1);
    at = quotedEnd(line, at);
    if (at < 0) return -1;
    at = skipBlanks(line, at);
    if (line[at] === ',') at = skipBlanks(line, at + 1);
    else if (line[at] !== '}') return -1;
  }
  return at + 1;
}

function quotedEnd(line: string, from: number): number {
  if (line.charCodeAt(from) !== QUOTE) return -1;
  for (let at = from + 1; at < line.length; at += 1) {
    const char = line.charCodeAt(at);
    if (char === QUOTE) return at + 1;
    if (char === BACKSLASH) {
      at += 1;
      if (at >= line.length || !'\\"n'.includes(line[at]!)) return -1;
    }
  }
  return -1;
}

function nameEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isNameChar(text.charCodeAt(at), at === from)) at += 1;
  return at;
}

function isNameChar(char: number, first: boolean): boolean {
  const letter = (char | 32) >= 97 && (char | 32) <= 122;
  return letter || char === 95 || char === 58 || (!first && char >= 48 && char <= 57);
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  return at;
}

/** The words from here on; the last of `most` says only that there is more. */
function wordsOf(line: string, from: number, most: number): string[] {
  const words: string[] = [];
  for (let at = skipBlanks(line, from); at < line.length && words.length < most; at = skipBlanks(line, at)) {
    const start = at;
    while (at < line.length && line[at] !== ' ' && line[at] !== '\t') at += 1;
    words.push(line.slice(start, at));
  }
  return words;
}

const SPECIAL = new Set(['nan', 'inf', '+inf', '-inf']);

/** As Go reads floating point numbers, but for hexadecimal ones and underscores, which nobody writes. */
function isValue(word: string): boolean {
  if (word === '' || word.length > 64) return false;
  return SPECIAL.has(word.toLowerCase()) || (isDecimal(word) && !Number.isNaN(Number(word)));
}

function isDecimal(word: string): boolean {
  for (const char of word) if (!'0123456789+-.eE'.includes(char)) return false;
  return true;
}

function isWhole(word: string): boolean {
  return word.length <= 20 && isDecimal(word) && Number.isInteger(Number(word));
}

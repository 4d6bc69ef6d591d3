/** CEL's functions, those that the attributes have a use for. */
import { RE2JS } from 're2js';
import { regexProblem } from '#api/kinds/regex-checks.ts';
import { invalid } from './tokens.ts';
import { constant, type Type, type Typed } from './typed.ts';

/** A call with typed arguments, the target first. Throws WeftError when there is no such function for these types. */
export function call(name: string, given: readonly Typed[], at: number): Typed {
  const types = given.map(({ type }) => type);
  const [first, second] = given;
  if (first !== undefined && second === undefined) {
    const made = unary(name, first, at);
    if (made !== undefined) return made;
  }
  if (given.length === 2 && types[0] === 'string' && types[1] === 'string') {
    const made = onText(name, first!, second!, at);
    if (made !== undefined) return made;
  }
  throw invalid(`there is no ${name}(${types.join(', ')}) here`, at);
}

function unary(name: string, of: Typed, at: number): Typed | undefined {
  switch (name) {
    case 'size':
      return of.type === 'string'
        ? apply('int', of, (value) => [...(value as string)].length)
        : of.type.startsWith('list')
          ? apply('int', of, (value) => (value as readonly unknown[]).length)
          : undefined;
    case 'string':
      return toText(of);
    case 'int':
      return toInt(of);
    case 'double':
      return of.type === 'int' || of.type === 'double' ? { type: 'double', run: of.run } : undefined;
    case 'lowerAscii':
      return of.type === 'string' ? apply('string', of, lower) : undefined;
    case 'upperAscii':
      return of.type === 'string' ? apply('string', of, upper) : undefined;
    case 'duration':
      return literalTime('duration', of, durationMs, 'a duration such as "1.5s"', at);
    case 'timestamp':
      return literalTime('timestamp', of, timestampMs, 'a time such as "2030-01-02T03:04:05Z"', at);
    default:
      return undefined;
  }
}

function toText(of: Typed): Typed | undefined {
  switch (of.type) {
    case 'string':
      return of;
    case 'bool':
    case 'int':
    case 'double':
      return apply('string', of, String);
    case 'duration':
      return apply('string', of, (ms) => `${(ms as number) / 1000}s`);
    case 'timestamp':
      return apply('string', of, (ms) => new Date(ms as number).toISOString());
    default:
      return undefined;
  }
}

function toInt(of: Typed): Typed | undefined {
  const safe = (value: number): number | undefined => (Number.isSafeInteger(value) ? value + 0 : undefined);
  switch (of.type) {
    case 'int':
      return of;
    case 'double':
      return apply('int', of, (value) => safe(Math.trunc(value as number)));
    case 'timestamp':
      return apply('int', of, (ms) => Math.floor((ms as number) / 1000));
    case 'string':
      return apply('int', of, (text) =>
        /^[-+]?\d{1,16}$/.test(text as string) ? safe(Number(text)) : undefined,
      );
    default:
      return undefined;
  }
}

function onText(name: string, text: Typed, other: Typed, at: number): Typed | undefined {
  const test = (decide: (text: string, other: string) => boolean): Typed => ({
    type: 'bool',
    run: (lookup) => {
      const a = text.run(lookup);
      const b = other.run(lookup);
      return a === undefined || b === undefined ? undefined : decide(a as string, b as string);
    },
  });
  switch (name) {
    case 'contains':
      return test((a, b) => a.includes(b));
    case 'startsWith':
      return test((a, b) => a.startsWith(b));
    case 'endsWith':
      return test((a, b) => a.endsWith(b));
    case 'matches':
      return matches(text, other, at);
    default:
      return undefined;
  }
}

/** RE2, anywhere in the text, in linear time: a pattern must be known beforehand, since strangers write the texts. */
function matches(text: Typed, pattern: Typed, at: number): Typed {
  if (typeof pattern.constant !== 'string') throw invalid('the pattern of matches() must be a literal', at);
  const problem = regexProblem(pattern.constant);
  if (problem !== undefined) throw invalid(problem, at);
  const regex = RE2JS.compile(pattern.constant);
  return apply('bool', text, (value) => regex.test(value as string));
}

function literalTime(
  type: 'duration' | 'timestamp',
  of: Typed,
  read: (text: string) => number | undefined,
  wanted: string,
  at: number,
): Typed | undefined {
  if (of.type === type) return of;
  if (of.type !== 'string') return undefined;
  const ms = typeof of.constant === 'string' ? read(of.constant) : undefined;
  if (ms === undefined) throw invalid(`${type}() takes ${wanted}`, at);
  return constant(type, ms);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  ns: 1e-6,
};

/** Go's durations: `1h30m`, `-1.5s`. */
function durationMs(text: string): number | undefined {
  const found = /^(-?)((?:\d+(?:\.\d+)?(?:h|ms|m|s|us|ns))+)$/.exec(text);
  if (found === null) return undefined;
  let sum = 0;
  for (const [, digits, unit] of found[2]!.matchAll(/([\d.]+)(h|ms|m|s|us|ns)/g))
    sum += Number(digits) * UNIT_MS[unit!]!;
  return found[1] === '-' ? -sum : sum;
}

function timestampMs(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function lower(text: unknown): string {
  return (text as string).replace(/[A-Z]+/g, (found) => found.toLowerCase());
}

function upper(text: unknown): string {
  return (text as string).replace(/[a-z]+/g, (found) => found.toUpperCase());
}

function apply(type: Type, of: Typed, make: (value: unknown) => unknown): Typed {
  return {
    type,
    run: (lookup) => {
      const value = of.run(lookup);
      return value === undefined ? undefined : make(value);
    },
  };
}

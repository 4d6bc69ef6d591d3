/**
 * Regular expressions of routes are RE2's, as Envoy's `safe_regex` runs them. One that does not compile would make
 * every proxy refuse all routes of its port, so it is refused here, where somebody reads the reason.
 */
import { RE2JS } from 're2js';
import { messageOf } from '#api/foundation/errors.ts';

/** Longer patterns are lists in disguise. */
export const MAX_REGEX_LENGTH = 1024;
/** Compiled instructions (Envoy's `re2.max_program_size`): bounds the time per character. */
export const MAX_REGEX_PROGRAM = 500;

/** What is wrong with a pattern, as one sentence; undefined when proxies can run it. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > MAX_REGEX_LENGTH) return `regex is longer than ${MAX_REGEX_LENGTH} characters`;
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > MAX_REGEX_PROGRAM
      ? `regex is too complex: ${size} instructions, at most ${MAX_REGEX_PROGRAM}`
      : undefined;
  } catch (error) {
    return `not an RE2 regular expression: ${messageOf(error)}`;
  }
}

/**
 * What is wrong with the text that takes the place of what a pattern found (RE2 rewrite strings: `\1` is the first
 * group, `\\` a backslash); undefined when nothing is. The pattern compiles.
 */
export function substitutionProblem(pattern: string, rewrite: string): string | undefined {
  const groups = RE2JS.compile(pattern).groupCount();
  for (const token of rewrite.match(/\\.?/gs) ?? []) {
    if (token === '\\\\') continue;
    if (!/^\\\d$/.test(token)) return 'a backslash must be followed by a digit or by another one';
    if (Number(token[1]) > groups) return `the pattern has no group ${token[1]}`;
  }
  return undefined;
}

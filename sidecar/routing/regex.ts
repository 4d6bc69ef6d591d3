/**
 * Regular expressions with RE2's syntax and in linear time: a pattern comes from a user, the text from anybody, and
 * neither may stall the sidecar. V8's own engine backtracks, so it is not an option.
 */
import { RE2JS } from 're2js';
import { messageOf } from '#api/foundation/errors.ts';

/** Longer patterns are lists in disguise. */
const MAX_PATTERN_LENGTH = 1024;
/** Instructions after compilation: bounds the time per character (`(x{0,30}){0,30}` alone has 1900). */
const MAX_PROGRAM_SIZE = 500;

export type Regex =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  | { readonly ok: false; readonly reason: string };

/** A pattern within the limits. */
export type CompiledRegex = RE2JS;

/** Compiles a pattern that must match the whole text, as Envoy's `safe_regex` does. */
export function compileRegex(pattern: string): Regex {
  const compiled = compileRegexProgram(pattern);
  return compiled.ok ? { ok: true, matches: (text) => compiled.regex.testExact(text) } : compiled;
}

/** Compiles a pattern within the limits, for whatever use. */
export function compileRegexProgram(
  pattern: string,
): { readonly ok: true; readonly regex: CompiledRegex } | { readonly ok: false; readonly reason: string } {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return { ok: false, reason: `regex is longer than ${MAX_PATTERN_LENGTH} characters` };
  }
  try {
    const regex = RE2JS.compile(pattern);
    if (regex.programSize() > MAX_PROGRAM_SIZE) {
      return { ok: false, reason: `regex compiles to more than ${MAX_PROGRAM_SIZE} instructions` };
    }
    return { ok: true, regex };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

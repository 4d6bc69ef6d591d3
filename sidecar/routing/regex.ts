/**
 * Regular expressions with RE2's syntax and in linear time: a pattern comes from a user, the text from anybody, and
 * neither may stall the sidecar. V8's own engine backtracks, so it is not an option.
 */
import { RE2JS } from 're2js';
import { messageOf } from '#api/foundation/errors.ts';
import { MAX_REGEX_LENGTH, MAX_REGEX_PROGRAM } from '#api/kinds/regex-checks.ts';

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
  if (pattern.length > MAX_REGEX_LENGTH) {
    return { ok: false, reason: `regex is longer than ${MAX_REGEX_LENGTH} characters` };
  }
  try {
    const regex = RE2JS.compile(pattern);
    if (regex.programSize() > MAX_REGEX_PROGRAM) {
      return { ok: false, reason: `regex compiles to more than ${MAX_REGEX_PROGRAM} instructions` };
    }
    return { ok: true, regex };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

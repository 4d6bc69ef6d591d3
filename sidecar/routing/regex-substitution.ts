import { messageOf } from '#api/foundation/errors.ts';
import { type CompiledRegex, compileRegexProgram } from './regex.ts';

/**
 * Characters that the searches in one text may look at together; what follows stays as it is. One search is linear, but
 * a pattern may look at the whole rest of the text for each of many short matches, and the text comes from anybody.
 */
const MAX_SEARCHED = 65_536;

export type Substitution =
  | { readonly ok: true; readonly replaceAll: (text: string) => string }
  | { readonly ok: false; readonly at: 'pattern' | 'substitution'; readonly reason: string };

/** A literal piece, or the number of a group. */
type Piece = string | number;

/** RE2's GlobalReplace with its rewrite strings: `\0` is the match, `\1` to `\9` its groups, `\\` a backslash. */
export function compileSubstitution(pattern: string, rewrite: string): Substitution {
  const compiled = compileRegexProgram(pattern);
  if (!compiled.ok) return { ok: false, at: 'pattern', reason: compiled.reason };
  try {
    const pieces = parseRewrite(rewrite, compiled.regex.groupCount());
    return { ok: true, replaceAll: (text) => replaceAll(compiled.regex, pieces, text) };
  } catch (error) {
    return { ok: false, at: 'substitution', reason: messageOf(error) };
  }
}

function parseRewrite(rewrite: string, groups: number): readonly Piece[] {
  return (rewrite.match(/\\.?|[^\\]+/gs) ?? []).map((token) => {
    if (!token.startsWith('\\')) return token;
    if (token === '\\\\') return '\\';
    const group = /^\\\d$/.test(token) ? Number(token[1]) : undefined;
    if (group === undefined) throw new Error('a backslash must be followed by a digit or by another one');
    if (group > groups) throw new Error(`the pattern has no group ${group}`);
    return group;
  });
}

/** An empty match right behind another match does not count, as in RE2. */
function replaceAll(regex: CompiledRegex, pieces: readonly Piece[], text: string): string {
  const matcher = regex.matcher(text);
  let result = '';
  let done = 0;
  let lastEnd = -1;
  let budget = MAX_SEARCHED - text.length;
  while (budget >= 0 && matcher.find()) {
    const start = matcher.start();
    const end = matcher.end();
    budget -= text.length - end;
    if (start === end && start === lastEnd) continue;
    result += text.slice(done, start);
    for (const piece of pieces) result += typeof piece === 'string' ? piece : (matcher.group(piece) ?? '');
    done = end;
    lastEnd = end;
  }
  return result + text.slice(done);
}

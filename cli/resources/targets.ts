/** What the words after a verb stand for: `pods`, `pods,svc`, `all`, `pod web-1`, `pod/web-1 svc/web`. */
import { ALL_KINDS, kindNamed } from '#api/kinds/all.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import { UsageError } from '../failure.ts';

export interface Target {
  readonly kind: AnyKind;
  /** All objects of the kind when absent. */
  readonly name?: string;
}

/** Throws a UsageError for words that name no kind, and for `TYPE/NAME` mixed with plain words. */
export function parseTargets(words: readonly string[]): Target[] {
  if (words.length === 0)
    throw new UsageError('say what: a kind, KIND NAME, or KIND/NAME', 'for example: weft get pods');
  const slashed = words.filter((word) => word.includes('/'));
  if (slashed.length === words.length) return words.map(parseSlashed);
  if (slashed.length > 0)
    throw new UsageError('KIND/NAME cannot be mixed with other forms', 'write all of them as KIND/NAME');
  const [kindsWord = '', ...names] = words;
  const kinds = kindsNamed(kindsWord);
  if (names.length === 0) return kinds.map((kind) => ({ kind }));
  return kinds.flatMap((kind) => names.map((name) => ({ kind, name })));
}

function parseSlashed(word: string): Target {
  const [kindWord = '', name = '', ...rest] = word.split('/');
  if (name === '' || rest.length > 0) throw new UsageError(`"${word}" is not of the form KIND/NAME`);
  return { kind: oneKind(kindWord), name };
}

/** `pods,svc`, or a category such as `all` or `istio-io`. */
function kindsNamed(words: string): AnyKind[] {
  const kinds = words.split(',').flatMap((word) => {
    const category = ALL_KINDS.filter((kind) => kind.categories.includes(word));
    return category.length > 0 ? category : [oneKind(word)];
  });
  return [...new Set(kinds)];
}

export function oneKind(word: string): AnyKind {
  const kind = kindNamed(word);
  if (kind !== undefined) return kind;
  throw new UsageError(
    `there is no kind "${word}"`,
    `known kinds: ${ALL_KINDS.map((known) => known.shortNames[0] ?? known.plural).join(', ')}`,
  );
}

/** One object, for verbs that work on one: `POD`, `pod/POD` or `KIND NAME`. */
export function oneTarget(words: readonly string[], defaultKind?: AnyKind): Required<Target> {
  const plain = words.length === 1 && !words[0]!.includes('/') && defaultKind !== undefined;
  const [target, ...more] = plain ? [{ kind: defaultKind, name: words[0]! }] : parseTargets(words);
  if (target?.name === undefined || more.length > 0)
    throw new UsageError('name exactly one object', 'for example: deployment/web');
  return { kind: target.kind, name: target.name };
}

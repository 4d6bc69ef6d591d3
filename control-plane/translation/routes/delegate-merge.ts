/**
 * Istio's merge of a root's route with one of its delegate's: the delegate may only narrow what the root matches, and
 * what it does not say itself is the root's.
 */
import type { HttpMatch, HttpRoute } from '#api/kinds/virtual-service.ts';
import { isWithin } from './match-narrowing.ts';

/** Undefined when they contradict each other: the delegate's route is left out. */
export function mergeRoutes(root: HttpRoute, leaf: HttpRoute): HttpRoute | undefined {
  const match = mergeMatches(root.match ?? [], leaf.match ?? []);
  if (match === undefined) return undefined;
  const { delegate: _, match: _rootMatch, name, ...inherited } = root;
  return { ...inherited, ...leaf, name: joined(name, leaf.name), match };
}

/** Every match of the delegate must lie within one of the root's. */
export function mergeMatches(
  root: readonly HttpMatch[],
  leaf: readonly HttpMatch[],
): HttpMatch[] | undefined {
  if (root.length === 0) return [...leaf];
  if (leaf.length === 0) return [...root];
  const merged = leaf.map((inner) =>
    root.filter((outer) => isWithin(inner, outer)).map((outer) => mergeMatch(outer, inner)),
  );
  return merged.some((list) => list.length === 0) ? undefined : merged.flat();
}

function mergeMatch(outer: HttpMatch, inner: HttpMatch): HttpMatch {
  return {
    ...outer,
    ...inner,
    name: joined(outer.name, inner.name),
    ...both('headers', outer, inner),
    ...both('withoutHeaders', outer, inner),
    ...both('queryParams', outer, inner),
    ...both('sourceLabels', outer, inner),
  };
}

function both<Field extends 'headers' | 'withoutHeaders' | 'queryParams' | 'sourceLabels'>(
  field: Field,
  outer: HttpMatch,
  inner: HttpMatch,
): Pick<HttpMatch, Field> {
  const merged: object = { ...outer[field], ...inner[field] };
  return (Object.keys(merged).length === 0 ? {} : { [field]: merged }) as Pick<HttpMatch, Field>;
}

/** `ROOT-LEAF`, or the one that is there. */
function joined(root: string | undefined, leaf: string | undefined): string | undefined {
  const names = [root, leaf].filter((name) => name !== undefined && name !== '');
  return names.length === 0 ? undefined : names.join('-');
}

import type { ListOptions } from '#api/client/client.ts';
import type { KubeObject } from '#api/kinds/meta.ts';

/** Equality selectors only (`a=b,c!=d`), which is what the house's own readers use. Anything else is refused. */
export function memoryMatch(object: KubeObject, options: ListOptions): boolean {
  const { namespace, labelSelector, fieldSelector } = options;
  return (
    (namespace === undefined || object.metadata.namespace === namespace) &&
    terms(labelSelector).every((term) => holds(term, object.metadata.labels?.[term.key])) &&
    terms(fieldSelector).every((term) => holds(term, fieldOf(object, term.key)))
  );
}

interface Term {
  readonly key: string;
  readonly wanted: boolean;
  readonly value: string;
}

function terms(selector: string | undefined): Term[] {
  return (selector ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map((text) => {
      const match = /^([^=!]+)(!=|==?)(.*)$/.exec(text);
      if (match === null) throw new Error(`the memory client does not know the selector "${text}"`);
      return { key: match[1] ?? '', wanted: match[2] !== '!=', value: match[3] ?? '' };
    });
}

function holds(term: Term, actual: string | undefined): boolean {
  return ((actual ?? '') === term.value) === term.wanted;
}

function fieldOf(object: unknown, path: string): string | undefined {
  const value = path
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], object);
  return value === undefined ? undefined : String(value);
}

import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';
import type { ListOptions } from './client.ts';

/** `/api/v1/namespaces/NS/pods` or `/apis/GROUP/VERSION/…`: Kubernetes' path of a collection. */
export function collectionPath(kind: AnyKind, namespace: string | undefined): string {
  const root = kind.group === '' ? '/api/' : '/apis/';
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${apiVersionOf(kind)}${scope}/${kind.plural}`;
}

/** The path of one object, or of a subresource of it. */
export function objectPath(
  kind: AnyKind,
  namespace: string | undefined,
  name: string,
  subresource?: string,
): string {
  const path = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Query parameters; absent members are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}

export function selectorsOf(options: ListOptions): Query {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

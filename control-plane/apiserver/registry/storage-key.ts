import type { AnyKind } from '#api/kinds/kind.ts';

/** Keys as kube-apiserver writes them in etcd: `/registry/GROUP/PLURAL/[NAMESPACE/]NAME`. The core group is `core`. */
export function collectionPrefix(kind: AnyKind, namespace?: string): string {
  const scope = kind.namespaced && namespace !== undefined ? `${namespace}/` : '';
  return `/registry/${kind.group === '' ? 'core' : kind.group}/${kind.plural}/${scope}`;
}

export function storageKey(kind: AnyKind, namespace: string | undefined, name: string): string {
  return `${collectionPrefix(kind, namespace)}${name}`;
}

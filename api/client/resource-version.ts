/**
 * Orders two resourceVersions of one server: negative when `a` is older. Both are decimal counters, as etcd and
 * weft's store give them (Kubernetes declares them comparable so since 1.35).
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

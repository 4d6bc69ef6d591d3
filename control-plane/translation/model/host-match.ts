/** `*.example.com` claims every name below `example.com`. */
export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

export function wildcardCovers(wildcard: string, host: string): boolean {
  return host.endsWith(wildcard.slice(1)) && host.length > wildcard.length - 1;
}

export interface Aged {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly creationTimestamp: string;
  };
}

/** Oldest first, then by namespace and name: who wins when two claim the same, in every process alike. */
export function byAge(a: Aged, b: Aged): number {
  return compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compare(keyOf(a), keyOf(b));
}

export function keyOf(object: Aged): string {
  return `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`;
}

/** Order of code units: the same on every machine, unlike a locale's. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

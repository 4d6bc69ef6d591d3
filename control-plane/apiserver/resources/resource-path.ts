import { ALL_KINDS } from '#api/kinds/all.ts';
import { type AnyKind, apiVersionOf } from '#api/kinds/kind.ts';

/** What a path of the API names: a collection, an object or a subresource, under one served version. */
export interface ResourcePath {
  readonly kind: AnyKind;
  /** As the answer says it: `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Subresources of namespaces themselves: `/namespaces/NAME/status` is no collection called `status`. */
const OF_NAMESPACES = new Set(['status', 'finalize']);
const SEGMENT = /^[^/%\s]{1,253}$/;

/** Reads `/api/v1/…` and `/apis/GROUP/VERSION/…`. Undefined for everything that is no resource. Pure. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = segmentsOf(path);
  if (segments === undefined) return undefined;
  const [root, ...rest] = segments;
  if (root === 'api') return below('', rest[0], rest.slice(1));
  if (root === 'apis' && rest[0] !== undefined) return below(rest[0], rest[1], rest.slice(2));
  return undefined;
}

function segmentsOf(path: string): string[] | undefined {
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent);
    return segments.every((segment) => SEGMENT.test(segment)) ? segments : undefined;
  } catch {
    return undefined;
  }
}

function below(group: string, version: string | undefined, segments: string[]): ResourcePath | undefined {
  const [first, second, third] = segments;
  if (first === 'namespaces' && third !== undefined && !OF_NAMESPACES.has(third)) {
    return locate(group, version, second, segments.slice(2));
  }
  return locate(group, version, undefined, segments);
}

function locate(
  group: string,
  version: string | undefined,
  namespace: string | undefined,
  [plural, name, subresource, ...more]: string[],
): ResourcePath | undefined {
  const kind = ALL_KINDS.find((known) => known.group === group && known.plural === plural);
  if (kind === undefined || version === undefined || more.length > 0) return undefined;
  if (!kind.versions.includes(version)) return undefined;
  if (!kind.namespaced && namespace !== undefined) return undefined;
  if (kind.namespaced && namespace === undefined && name !== undefined) return undefined;
  return { kind, apiVersion: apiVersionOf(kind, version), namespace, name, subresource };
}

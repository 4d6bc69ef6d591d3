import type { IncomingMessage } from 'node:http';
import { verbOf } from './resources/resource-handler.ts';
import { parseResourcePath, type ResourcePath } from './resources/resource-path.ts';

/** What one request asks for, in words of which there are only so many. */
export interface Described {
  /** Kubernetes' verb in capitals; of what is no resource, the method as it was given. */
  readonly verb: string;
  /** Absent for a path that is no resource here. */
  readonly kind: { readonly group: string; readonly version: string; readonly resource: string } | undefined;
  /** One that the kind has, else ''. */
  readonly subresource: string;
  /** kube-apiserver's words for how much is asked for. */
  readonly scope: '' | 'cluster' | 'namespace' | 'resource';
  readonly dryRun: boolean;
}

/** Hears of every request, and how it ended. */
export interface RequestObserver {
  began(described: Described): (code: number, seconds: number) => void;
}

const SUBRESOURCES = new Set(['status', 'scale', 'finalize', 'log', 'exec', 'proxy']);

export function describeRequest(
  incoming: Pick<IncomingMessage, 'url' | 'method'>,
  upgraded = false,
): Described {
  const [pathname = '/', search] = (incoming.url ?? '/').split('?');
  const path = parseResourcePath(pathname);
  const request = { method: incoming.method ?? 'GET', query: new URLSearchParams(search) };
  const dryRun = request.query.has('dryRun');
  if (path === undefined) {
    return { verb: request.method, kind: undefined, subresource: '', scope: '', dryRun };
  }
  const { kind, apiVersion, subresource = '' } = path;
  const version = apiVersion.split('/').at(-1) ?? '';
  return {
    verb: upgraded ? 'CONNECT' : verbOf(request, path),
    kind: { group: kind.group, version, resource: kind.plural },
    subresource: SUBRESOURCES.has(subresource) ? subresource : '',
    scope: scopeOf(path),
    dryRun,
  };
}

function scopeOf({ name, namespace }: ResourcePath): Described['scope'] {
  if (name !== undefined) return 'resource';
  return namespace === undefined ? 'cluster' : 'namespace';
}

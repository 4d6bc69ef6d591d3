import type { PathRewrite } from './compile-path-rewrite.ts';
import type { RequestView } from './request-view.ts';

/** What a redirect changes; undefined keeps what the request had. At most one of `path` and `rewrite` is there. */
export interface RedirectTarget {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** In place of the whole path; a query of its own replaces the request's and is never stripped. */
  readonly path: string | undefined;
  readonly rewrite: PathRewrite | undefined;
  readonly stripQuery: boolean;
}

const DEFAULT_PORT: Readonly<Record<'http' | 'https', string>> = { http: ':80', https: ':443' };

/** The `location` that Envoy answers with: always absolute. */
export function locate(target: RedirectTarget, request: RequestView, secure: boolean): string {
  const before = secure ? 'https' : 'http';
  const scheme = target.scheme ?? before;
  const port = target.port === undefined ? '' : `:${target.port}`;
  const host = target.host ?? hostOf(request.authority, before, scheme, port);
  return `${scheme}://${host}${port}${pathOf(target, request.path)}`;
}

/**
 * The request's port stays, unless another one is said, or the scheme changes and the port was the default of the one
 * before. The colons of a bracketed IPv6 address are no port's.
 */
function hostOf(authority: string, before: 'http' | 'https', scheme: string, port: string): string {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.indexOf(']', colon) >= 0) return authority;
  const wasDefault = scheme !== before && authority.slice(colon) === DEFAULT_PORT[before];
  return port !== '' || wasDefault ? authority.slice(0, colon) : authority;
}

function pathOf({ path, rewrite, stripQuery }: RedirectTarget, asked: string): string {
  const [, query] = split(asked);
  if (path?.includes('?') === true) return rooted(path);
  const whole = path === undefined ? (rewrite?.(asked) ?? asked) : path + query;
  return rooted(stripQuery ? split(whole)[0] : whole);
}

/** A path, and its query with the question mark. */
function split(path: string): readonly [string, string] {
  const mark = path.indexOf('?');
  return mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark)];
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

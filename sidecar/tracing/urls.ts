/**
 * Paths and queries as spans tell them. Queries carry secrets: the values of the keys that OpenTelemetry's HTTP conventions
 * name are written over wherever a query stands, also in Envoy's `http.url`, where Envoy itself leaves them.
 */
import { bounded, owned } from './bounded.ts';

/** Of `url.full` and `url.query`: signatures that let anybody use a presigned URL. */
const SECRET: ReadonlySet<string> = new Set(['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature']);
const WRITTEN_OVER = 'REDACTED';
/** Of DNS. */
const MAX_HOST_LENGTH = 255;

export interface TargetParts {
  readonly path: string;
  /** Without its question mark; undefined when there is none. */
  readonly query: string | undefined;
}

/** The parts of a target, each of at most `maxLength` characters. */
export function targetParts(target: string, maxLength: number): TargetParts {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: bounded(target, maxLength), query: undefined };
  return {
    path: owned(target.slice(0, Math.min(mark, maxLength))),
    query: owned(bounded(redacted(target.slice(mark + 1)), maxLength)),
  };
}

/** Path and query in one, of at most `maxLength` characters. */
export function wholeTarget({ path, query }: TargetParts, maxLength: number): string {
  return bounded(query === undefined ? path : `${path}?${query}`, maxLength);
}

function redacted(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals >= 0 && SECRET.has(decoded(pair.slice(0, equals)))
        ? `${pair.slice(0, equals)}=${WRITTEN_OVER}`
        : pair;
    })
    .join('&');
}

function decoded(key: string): string {
  if (!key.includes('%')) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Host and port of an authority or of `ADDRESS:PORT`; the port is undefined when none is said. */
export function hostAndPort(authority: string): { readonly host: string; readonly port: number | undefined } {
  const colon = authority.lastIndexOf(':');
  const bracket = authority.lastIndexOf(']');
  const port = colon > bracket ? Number(authority.slice(colon + 1)) : Number.NaN;
  const known = Number.isInteger(port) && port > 0 && port <= 65535;
  const host = colon > bracket ? authority.slice(0, colon) : authority;
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const kept = authority.length > MAX_HOST_LENGTH ? owned(bare.slice(0, MAX_HOST_LENGTH)) : bare;
  return { host: kept, port: known ? port : undefined };
}

/** Routes that no request can reach, because one before them takes everything that they match. */
import type { HttpMatch, L4Match, TlsMatch, VirtualService } from '#api/kinds/virtual-service.ts';
import { type Finding, finding } from './finding.ts';

interface Placed<Match> {
  readonly path: string;
  /** Undefined: everything. */
  readonly match: Match | undefined;
}

export function unreachableRoutes({ http = [], tls = [], tcp = [] }: VirtualService['spec']): Finding[] {
  return [
    ...unreached(placed<HttpMatch>('http', http), takesEveryRequest),
    ...unreached(placed<TlsMatch>('tls', tls), () => false),
    ...unreached(placed<L4Match>('tcp', tcp), takesEveryConnection),
  ];
}

function placed<Match>(
  protocol: string,
  routes: readonly { match?: readonly Match[] | undefined }[],
): Placed<Match>[] {
  return routes.flatMap(({ match = [] }, i): Placed<Match>[] => {
    const path = `spec.${protocol}[${i}]`;
    if (match.length === 0) return [{ path, match: undefined }];
    return match.map((each, j) => ({ path: `${path}.match[${j}]`, match: each }));
  });
}

/** Names of matches and of statistics do not tell matches apart. */
function unreached<Match extends object>(
  all: readonly Placed<Match>[],
  takesAll: (match: Match) => boolean,
): Finding[] {
  const seen = new Map<string, string>();
  let last: string | undefined;
  return all.flatMap(({ path, match }): Finding[] => {
    const key = canonical({ ...match, name: undefined, statPrefix: undefined });
    const before = last ?? seen.get(key);
    seen.set(key, seen.get(key) ?? path);
    if (last === undefined && (match === undefined || takesAll(match))) last = path;
    if (before === undefined) return [];
    return [finding('UnreachableRoute', path, `${before} takes everything that this matches`)];
  });
}

const SAYS_NOTHING = new Set(['name', 'statPrefix', 'uri', 'ignoreUriCase']);

function takesEveryRequest(match: HttpMatch): boolean {
  const { uri } = match;
  const anyPath =
    uri === undefined ||
    ('prefix' in uri && ['', '/'].includes(uri.prefix)) ||
    ('regex' in uri && uri.regex === '.*');
  return anyPath && !asksFor(match, SAYS_NOTHING);
}

function takesEveryConnection(match: L4Match): boolean {
  return !asksFor(match, new Set());
}

function asksFor(match: object, except: ReadonlySet<string>): boolean {
  return Object.entries(match).some(
    ([field, value]) =>
      !except.has(field) && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0),
  );
}

/** The same text for the same match, whatever the order of its members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

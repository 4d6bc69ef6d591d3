/**
 * The number that stands for a request where endpoints are chosen by hash (ring hash, maglev): requests with the same
 * header, cookie, parameter or source go to the same endpoint. Rules combine as in Envoy's HashPolicyImpl: each turns
 * what was there by one bit and is added to it, so their order counts.
 */
import type { Random } from '#api/foundation/random.ts';
import { hashText } from '#sidecar/upstream/balancers/hash.ts';
import { queryParameter } from './query-match.ts';
import type { RequestView } from './request-view.ts';
import type { HashRule } from './route-table.ts';

export interface RequestHash {
  /** 32 bits, unsigned; undefined when no rule found anything to go by. */
  readonly hash: number | undefined;
  /** Value of a `set-cookie` line, for a client that has no cookie of a rule's name yet. */
  readonly cookie: string | undefined;
}

type CookieRule = HashRule & { readonly by: 'cookie' };

/** All keys of all rules are hashed alike. */
const SEED = 0;

/** `source` is the address of the peer, without its port. */
export function hashRequest(
  rules: readonly HashRule[],
  request: RequestView,
  source: string,
  random: Random,
): RequestHash {
  let hash: number | undefined;
  let cookie: string | undefined;
  for (const rule of rules) {
    let key = keyOf(rule, request, source);
    if (key === undefined && rule.by === 'cookie' && rule.ttlMs !== undefined && cookie === undefined) {
      key = randomKey(random);
      cookie = setCookie(rule, key);
    }
    if (key !== undefined) hash = combine(hash, hashText(key, SEED));
    if (rule.terminal && hash !== undefined) break;
  }
  return { hash, cookie };
}

function combine(before: number | undefined, next: number): number {
  if (before === undefined) return next;
  return (((before << 1) | (before >>> 31)) ^ next) >>> 0;
}

function keyOf(rule: HashRule, request: RequestView, source: string): string | undefined {
  switch (rule.by) {
    case 'header':
      return headerOf(rule.name, request);
    case 'query':
      return queryParameter(request.path, rule.name);
    case 'source-ip':
      return source === '' ? undefined : source;
    case 'cookie':
      return cookieOf(rule.name, request);
  }
}

function headerOf(name: string, request: RequestView): string | undefined {
  if (name === ':authority') return request.authority;
  if (name === ':path') return request.path;
  if (name === ':method') return request.method;
  return request.header(name);
}

/** The first cookie of that name; an empty one is none, as in Envoy. */
function cookieOf(name: string, request: RequestView): string | undefined {
  for (const pair of request.header('cookie')?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    return value === '' ? undefined : value;
  }
  return undefined;
}

/** 64 bits, as Envoy draws them: to spread clients, not to keep secrets. */
function randomKey(random: Random): string {
  const half = (): string =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}

function setCookie({ name, path, ttlMs }: CookieRule, value: string): string {
  const age = ttlMs === undefined || ttlMs === 0 ? '' : `; Max-Age=${Math.ceil(ttlMs / 1000)}`;
  return `${name}="${value}"${age}${path === '' ? '' : `; Path=${path}`}; HttpOnly`;
}

import {
  type RouteAction_HashPolicy as HashPolicy,
  RouteAction_HashPolicy_ConnectionPropertiesSchema,
  type RouteAction_HashPolicy_Cookie,
  RouteAction_HashPolicy_CookieSchema,
  RouteAction_HashPolicy_HeaderSchema,
  RouteAction_HashPolicy_QueryParameterSchema,
  RouteAction_HashPolicySchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { acceptDuration } from '#sidecar/discovery/durations.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { acceptHeaderName } from './header-syntax.ts';
import type { HashRule } from './route-table.ts';

const SUPPORTED = new Set(['header', 'cookie', 'connection_properties', 'query_parameter', 'terminal']);

/** More than this many is not a key but a description. */
const MAX_RULES = 16;

/** A cookie's name is a token with case (RFC 6265, section 4.1.1). */
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** RFC 6265's path-value, without spaces. */
const COOKIE_PATH = /^[\x21-\x3a\x3c-\x7e]{0,1024}$/;

/** The hash_policy of the RouteAction at `place`; undefined when it says nothing. */
export function compileHash(policies: readonly HashPolicy[], place: Place): readonly HashRule[] | undefined {
  if (policies.length > MAX_RULES) place.in('hash_policy').refuse(`must hold at most ${MAX_RULES} rules`);
  const rules = policies
    .slice(0, MAX_RULES)
    .map((policy, i) => compileRule(policy, place.in(`hash_policy[${i}]`)))
    .filter((rule) => rule !== undefined);
  return rules.length === 0 ? undefined : rules;
}

function compileRule(policy: HashPolicy, place: Place): HashRule | undefined {
  place.allow(RouteAction_HashPolicySchema, policy, SUPPORTED);
  const { policySpecifier: by, terminal } = policy;
  switch (by.case) {
    case 'header': {
      const here = place.in('header');
      here.allow(RouteAction_HashPolicy_HeaderSchema, by.value, new Set(['header_name']));
      return { terminal, by: 'header', name: acceptHeaderName(by.value.headerName, here.in('header_name')) };
    }
    case 'cookie':
      return { terminal, by: 'cookie', ...compileCookie(by.value, place.in('cookie')) };
    case 'connectionProperties': {
      const here = place.in('connection_properties');
      here.allow(RouteAction_HashPolicy_ConnectionPropertiesSchema, by.value, new Set(['source_ip']));
      return by.value.sourceIp ? { terminal, by: 'source-ip' } : undefined;
    }
    case 'queryParameter': {
      const here = place.in('query_parameter');
      here.allow(RouteAction_HashPolicy_QueryParameterSchema, by.value, new Set(['name']));
      if (by.value.name === '') here.in('name').refuse('must not be empty');
      return { terminal, by: 'query', name: by.value.name };
    }
    case undefined:
      place.refuse('says nothing to hash');
  }
  return undefined;
}

function compileCookie(
  cookie: RouteAction_HashPolicy_Cookie,
  place: Place,
): { name: string; path: string; ttlMs: number | undefined } {
  place.allow(RouteAction_HashPolicy_CookieSchema, cookie, new Set(['name', 'ttl', 'path']));
  const { name, path, ttl } = cookie;
  if (!COOKIE_NAME.test(name)) place.in('name').refuse('must be the name of a cookie');
  if (!COOKIE_PATH.test(path)) place.in('path').refuse('must be the path of a cookie');
  return { name, path, ttlMs: ttl === undefined ? undefined : acceptDuration(ttl, place.in('ttl')) };
}

import {
  type RedirectAction,
  RedirectActionSchema,
  RedirectAction_RedirectResponseCode as ResponseCode,
  type RouteMatch,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compilePrefixRewrite, compileRegexRewrite, type PathRewrite } from './compile-path-rewrite.ts';
import { acceptAuthority, acceptPathText } from './header-syntax.ts';
import { locate, type RedirectTarget } from './redirect-location.ts';
import type { RedirectDecision } from './route-table.ts';
import { responseEditsOf, type Scope } from './scope.ts';

const SUPPORTED = new Set([
  'https_redirect',
  'scheme_redirect',
  'host_redirect',
  'port_redirect',
  'path_redirect',
  'prefix_rewrite',
  'regex_rewrite',
  'response_code',
  'strip_query',
]);

const STATUS: Readonly<Record<ResponseCode, RedirectDecision['status']>> = {
  [ResponseCode.MOVED_PERMANENTLY]: 301,
  [ResponseCode.FOUND]: 302,
  [ResponseCode.SEE_OTHER]: 303,
  [ResponseCode.TEMPORARY_REDIRECT]: 307,
  [ResponseCode.PERMANENT_REDIRECT]: 308,
};

/** RFC 3986, section 3.1. */
const SCHEME = /^[A-Za-z][0-9A-Za-z+.-]{0,31}$/;

/** Compiles the redirect of the route called `name`, which matches by `match`. */
export function compileRedirect(
  name: string,
  action: RedirectAction,
  match: RouteMatch,
  scope: Scope,
  place: Place,
): RedirectDecision {
  place.allow(RedirectActionSchema, action, SUPPORTED);
  const status = STATUS[action.responseCode];
  if (status === undefined) place.in('response_code').refuse(`${action.responseCode} is not supported`);
  const target = compileTarget(action, match, place);
  return {
    kind: 'redirect',
    route: name,
    status: status ?? 301,
    location: (request, secure) => locate(target, request, secure),
    responseEdits: responseEditsOf(scope),
  };
}

function compileTarget(action: RedirectAction, match: RouteMatch, place: Place): RedirectTarget {
  const { hostRedirect, portRedirect, stripQuery } = action;
  if (portRedirect > 65_535) place.in('port_redirect').refuse('must be at most 65535');
  return {
    scheme: compileScheme(action, place),
    host: hostRedirect === '' ? undefined : acceptAuthority(hostRedirect, place.in('host_redirect')),
    port: portRedirect === 0 ? undefined : portRedirect,
    ...compilePath(action, match, place),
    stripQuery,
  };
}

function compileScheme({ schemeRewriteSpecifier: how }: RedirectAction, place: Place): string | undefined {
  if (how.case === 'httpsRedirect') return how.value ? 'https' : undefined;
  if (how.case === undefined || how.value === '') return undefined;
  if (!SCHEME.test(how.value)) place.in('scheme_redirect').refuse('must be a scheme');
  return how.value.toLowerCase();
}

function compilePath(
  { pathRewriteSpecifier: how }: RedirectAction,
  match: RouteMatch,
  place: Place,
): { path: string | undefined; rewrite: PathRewrite | undefined } {
  switch (how.case) {
    case 'pathRedirect':
      acceptPathText(how.value, place.in('path_redirect'));
      return { path: how.value === '' ? undefined : how.value, rewrite: undefined };
    case 'prefixRewrite':
      if (how.value === '') break;
      return {
        path: undefined,
        rewrite: compilePrefixRewrite(how.value, match, place.in('prefix_rewrite')),
      };
    case 'regexRewrite':
      return { path: undefined, rewrite: compileRegexRewrite(how.value, place.in('regex_rewrite')) };
  }
  return { path: undefined, rewrite: undefined };
}

import { parseDuration } from '#api/foundation/duration.ts';
import type { Check, Mistake } from './kind.ts';
import { regexProblem, substitutionProblem } from './regex-checks.ts';
import type { HttpRoute, VirtualService } from './virtual-service.ts';
import { isAuthorityText } from './virtual-service-checks-headers.ts';

type RouteCheck = (route: HttpRoute) => { at: string; message: string }[];

function onRoutes(name: string, check: RouteCheck): Check<VirtualService> {
  return {
    name,
    check: ({ spec }) =>
      (spec.http ?? []).flatMap((route, i) =>
        check(route).map(({ at, message }): Mistake => ({ path: `spec.http[${i}].${at}`, message })),
      ),
  };
}

/** A piece of a path, perhaps with a query. */
const PATH = /^[\x21-\x7e]*$/;
/** The codes with a `location` that Envoy knows. */
const REDIRECT_CODES = [301, 302, 303, 307, 308];

export const redirectsLeadSomewhere = onRoutes(
  'redirects say where to, and in valid words',
  ({ redirect }) => {
    if (redirect === undefined) return [];
    const { uri = '', authority = '', scheme = '', port, derivePort, redirectCode = 301 } = redirect;
    const says = [uri, authority, scheme, port, derivePort].some((word) => word !== '' && word !== undefined);
    return [
      ...(says ? [] : [{ at: 'redirect', message: 'must name uri, authority, scheme or port' }]),
      ...(PATH.test(uri) ? [] : [{ at: 'redirect.uri', message: 'must be printable ASCII without spaces' }]),
      ...(authority === '' || isAuthorityText(authority)
        ? []
        : [{ at: 'redirect.authority', message: 'must be a host, perhaps with a port' }]),
      ...(['', 'http', 'https'].includes(scheme)
        ? []
        : [{ at: 'redirect.scheme', message: 'must be http or https' }]),
      ...(port === undefined || derivePort === undefined
        ? []
        : [{ at: 'redirect.derivePort', message: 'cannot stand beside port' }]),
      ...(REDIRECT_CODES.includes(redirectCode)
        ? []
        : [{ at: 'redirect.redirectCode', message: `must be one of ${REDIRECT_CODES.join(', ')}` }]),
    ];
  },
);

/** The sidecar holds bodies in memory, one for each route that answers by itself. */
const MAX_DIRECT_BODY_BYTES = 64 * 1024;
const WITHOUT_BODY = [204, 205, 304];

export const directResponsesAreSound = onRoutes('direct responses fit their status', ({ directResponse }) => {
  if (directResponse === undefined) return [];
  const { status, body } = directResponse;
  const size = body === undefined ? 0 : sizeOf(body);
  const at = 'directResponse.body';
  return [
    ...(status >= 200 ? [] : [{ at: 'directResponse.status', message: 'must be between 200 and 599' }]),
    ...(size > 0 && WITHOUT_BODY.includes(status) ? [{ at, message: `${status} has no body` }] : []),
    ...(size > MAX_DIRECT_BODY_BYTES
      ? [{ at, message: `must be at most ${MAX_DIRECT_BODY_BYTES} bytes` }]
      : []),
  ];
});

function sizeOf(body: { string: string } | { bytes: string }): number {
  return 'string' in body ? new TextEncoder().encode(body.string).length : (body.bytes.length * 3) / 4;
}

export const rewritesAreSound = onRoutes('rewrites change something, in one way', ({ rewrite }) => {
  if (rewrite === undefined) return [];
  const { uri = '', authority = '', uriRegexRewrite: regex } = rewrite;
  const at = 'rewrite.uriRegexRewrite';
  return [
    ...(uri === '' && authority === '' && regex === undefined
      ? [{ at: 'rewrite', message: 'must name uri, uriRegexRewrite or authority' }]
      : []),
    ...(uri !== '' && regex !== undefined ? [{ at, message: 'cannot stand beside uri' }] : []),
    ...(uri === '' || (uri.startsWith('/') && PATH.test(uri))
      ? []
      : [{ at: 'rewrite.uri', message: 'must start with / and be printable ASCII without spaces' }]),
    ...(authority === '' || isAuthorityText(authority)
      ? []
      : [{ at: 'rewrite.authority', message: 'must be a host, perhaps with a port' }]),
    ...(regex === undefined ? [] : regexRewriteMistakes(regex, at)),
  ];
});

function regexRewriteMistakes({ match, rewrite }: { match: string; rewrite: string }, at: string) {
  if (match === '') return [{ at: `${at}.match`, message: 'is required' }];
  const pattern = regexProblem(match);
  if (pattern !== undefined) return [{ at: `${at}.match`, message: pattern }];
  if (!PATH.test(rewrite))
    return [{ at: `${at}.rewrite`, message: 'must be printable ASCII without spaces' }];
  const text = rewrite === '' ? 'is required' : substitutionProblem(match, rewrite);
  return text === undefined ? [] : [{ at: `${at}.rewrite`, message: text }];
}

/** More tries than this at one request are a storm, not a remedy. */
const MAX_ATTEMPTS = 25;

/** Envoy's words. Those about HTTP/2 and gRPC have no effect while these travel as opaque connections. */
const RETRY_WORDS = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'envoy-ratelimited',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

export const retriesAreSound = onRoutes('retries are bounded, and for known causes', ({ retries }) => {
  if (retries === undefined) return [];
  const { attempts = 0, perTryTimeout, retryOn = '', backoff, retryRemoteLocalities } = retries;
  const idle = attempts === 0 && (perTryTimeout !== undefined || retryOn !== '');
  return [
    ...(attempts > MAX_ATTEMPTS
      ? [{ at: 'retries.attempts', message: `must be at most ${MAX_ATTEMPTS}` }]
      : []),
    ...(idle ? [{ at: 'retries.attempts', message: 'is 0, which switches off what the rest asks for' }] : []),
    ...(perTryTimeout !== undefined && (parseDuration(perTryTimeout) ?? 0) < 1
      ? [{ at: 'retries.perTryTimeout', message: 'must be at least 1ms' }]
      : []),
    ...(backoff !== undefined && (parseDuration(backoff) ?? 0) < 1
      ? [{ at: 'retries.backoff', message: 'must be at least 1ms' }]
      : []),
    ...(retryRemoteLocalities === true
      ? [{ at: 'retries.retryRemoteLocalities', message: 'is not supported' }]
      : []),
    ...retryOn
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '' && !RETRY_WORDS.has(word) && !isStatus(word))
      .map((word) => ({ at: 'retries.retryOn', message: `"${word}" is not supported` })),
  ];
});

function isStatus(word: string): boolean {
  return /^[1-5]\d\d$/.test(word);
}

export const faultsDoSomething = onRoutes('a fault delays or aborts', ({ fault }) =>
  fault !== undefined && fault.delay === undefined && fault.abort === undefined
    ? [{ at: 'fault', message: 'must have a delay or an abort' }]
    : [],
);

const MAX_MIRRORS = 16;

export const mirrorsAreSound = onRoutes('mirrors are written one way, and few', (route) => [
  ...(route.mirror !== undefined && (route.mirrors ?? []).length > 0
    ? [{ at: 'mirrors', message: 'cannot stand beside mirror' }]
    : []),
  ...((route.mirrors ?? []).length > MAX_MIRRORS
    ? [{ at: 'mirrors', message: `must be at most ${MAX_MIRRORS}` }]
    : []),
  ...(['mirrorPercentage', 'mirrorPercent'] as const)
    .filter(
      (field) => route[field] !== undefined && route.mirror === undefined && route.delegate === undefined,
    )
    .map((field) => ({ at: field, message: 'is of no use without mirror' })),
]);

const CORS_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export const corsIsSound = onRoutes('CORS policies name origins, methods and headers', ({ corsPolicy }) => {
  if (corsPolicy === undefined) return [];
  const { allowOrigins = [], allowMethods = [], maxAge } = corsPolicy;
  return [
    ...allowOrigins.flatMap((origin, i) => {
      const at = `corsPolicy.allowOrigins[${i}]`;
      if (Object.values(origin).includes('')) return [{ at, message: 'must not be empty' }];
      const message = 'regex' in origin ? regexProblem(origin.regex) : undefined;
      return message === undefined ? [] : [{ at: `${at}.regex`, message }];
    }),
    ...allowMethods.flatMap((method, i) =>
      CORS_METHODS.includes(method)
        ? []
        : [{ at: `corsPolicy.allowMethods[${i}]`, message: `must be one of ${CORS_METHODS.join(', ')}` }],
    ),
    ...(['allowHeaders', 'exposeHeaders'] as const).flatMap((field) =>
      (corsPolicy[field] ?? []).flatMap((name, i) =>
        TOKEN.test(name)
          ? []
          : [{ at: `corsPolicy.${field}[${i}]`, message: 'must be the name of a header' }],
      ),
    ),
    ...(maxAge !== undefined && (parseDuration(maxAge) ?? 0) % 1000 !== 0
      ? [{ at: 'corsPolicy.maxAge', message: 'must be whole seconds' }]
      : []),
  ];
});

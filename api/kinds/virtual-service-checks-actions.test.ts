import { expect, test } from 'vitest';
import { validate } from './validate.ts';
import { VirtualService } from './virtual-service.ts';

const route = [{ destination: { host: 'web' } }];
const to = (more: object) => ({ route, ...more });

function mistakes(...http: object[]): string[] {
  const verdict = validate(VirtualService, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: 'default' },
    spec: { hosts: ['web'], http },
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path.replace('spec.http[0].', ''));
}

test.each([
  ['a redirect', { redirect: { uri: '/x', redirectCode: 308 } }],
  ['a direct response', { directResponse: { status: 503, body: { string: 'x' } } }],
  [
    'a delegate with what its routes inherit',
    { delegate: { name: 'x' }, timeout: '1s', fault: { abort: { httpStatus: 500 } } },
  ],
  [
    'retries for words and codes',
    to({ retries: { attempts: 3, retryOn: '5xx, reset,503', perTryTimeout: '1ms' } }),
  ],
  [
    'a rewrite by groups',
    to({ rewrite: { uriRegexRewrite: { match: '^/(a)(b)$', rewrite: '/\\2\\\\\\1' } } }),
  ],
  ['headers with an escaped percent sign', to({ headers: { request: { set: { 'x-a': '100%%' } } } })],
  ['a host that is set', to({ headers: { request: { set: { Host: 'x:80' } } } })],
  ['mirrors', to({ mirrors: [{ destination: { host: 'b' }, percentage: { value: 1.5 } }] })],
  ['a mirror in the older words', to({ mirror: { host: 'b' }, mirrorPercent: 10 })],
  [
    'CORS',
    to({
      corsPolicy: {
        allowOrigins: [{ regex: '.*' }],
        allowMethods: ['GET'],
        allowHeaders: ['*'],
        maxAge: '1m',
      },
    }),
  ],
  [
    'presence by regex of headers that must be absent',
    to({ match: [{ withoutHeaders: { a: { regex: '*' } } }] }),
  ],
])('accepts %s', (_name, http) => {
  expect(mistakes(http)).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['nothing', {}, ['spec.http[0]']],
  ['a route beside a redirect', to({ redirect: { uri: '/' } }), ['route']],
  [
    'a direct response beside a redirect',
    { redirect: { uri: '/' }, directResponse: { status: 200 } },
    ['directResponse'],
  ],
  ['a fault of a redirect', { redirect: { uri: '/' }, fault: { abort: { httpStatus: 500 } } }, ['fault']],
  ['a rewrite of a direct response', { directResponse: { status: 200 }, rewrite: { uri: '/' } }, ['rewrite']],
  ['a route beside a delegate', to({ delegate: { name: 'x' } }), ['route']],
  ['a delegate without a name', { delegate: {} }, ['delegate.name']],
  ['an empty redirect', { redirect: {} }, ['redirect']],
  ['a redirect without a location', { redirect: { uri: '/', redirectCode: 304 } }, ['redirect.redirectCode']],
  ['a redirect to another protocol', { redirect: { scheme: 'ftp' } }, ['redirect.scheme']],
  ['a redirect that ends a line', { redirect: { uri: '/\r\nx: y' } }, ['redirect.uri']],
  [
    'two ports of a redirect',
    { redirect: { port: 80, derivePort: 'FROM_REQUEST_PORT' } },
    ['redirect.derivePort'],
  ],
  [
    'a body where there can be none',
    { directResponse: { status: 204, body: { string: 'x' } } },
    ['directResponse.body'],
  ],
  [
    'a body that is too long',
    { directResponse: { status: 200, body: { string: 'x'.repeat(65_537) } } },
    ['directResponse.body'],
  ],
  ['an informational answer', { directResponse: { status: 100 } }, ['directResponse.status']],
  ['an empty rewrite', to({ rewrite: {} }), ['rewrite']],
  [
    'two rewrites of the path',
    to({ rewrite: { uri: '/', uriRegexRewrite: { match: 'a', rewrite: 'b' } } }),
    ['rewrite.uriRegexRewrite'],
  ],
  ['a rewrite to no path', to({ rewrite: { uri: 'x' } }), ['rewrite.uri']],
  [
    'a rewrite by a group that is not there',
    to({ rewrite: { uriRegexRewrite: { match: 'a', rewrite: '\\1' } } }),
    ['rewrite.uriRegexRewrite.rewrite'],
  ],
  [
    'a rewrite by a broken pattern',
    to({ rewrite: { uriRegexRewrite: { match: '(', rewrite: 'a' } } }),
    ['rewrite.uriRegexRewrite.match'],
  ],
  [
    'two authorities',
    to({ rewrite: { authority: 'a' }, headers: { request: { set: { host: 'b' } } } }),
    ['headers.request.set[host]'],
  ],
  [
    'words of retries that nobody knows',
    to({ retries: { attempts: 1, retryOn: '5xx,often' } }),
    ['retries.retryOn'],
  ],
  ['codes that are none', to({ retries: { attempts: 1, retryOn: '700' } }), ['retries.retryOn']],
  ['a storm of retries', to({ retries: { attempts: 26 } }), ['retries.attempts']],
  ['retries that are off', to({ retries: { attempts: 0, retryOn: '5xx' } }), ['retries.attempts']],
  ['tries without time', to({ retries: { attempts: 1, perTryTimeout: '0s' } }), ['retries.perTryTimeout']],
  [
    'retries in other localities',
    to({ retries: { attempts: 1, retryRemoteLocalities: true } }),
    ['retries.retryRemoteLocalities'],
  ],
  ['a fault that does nothing', to({ fault: {} }), ['fault']],
  [
    'both forms of a mirror',
    to({ mirror: { host: 'a' }, mirrors: [{ destination: { host: 'b' } }] }),
    ['mirrors'],
  ],
  ['a share of no mirror', to({ mirrorPercentage: { value: 1 } }), ['mirrorPercentage']],
  ['a method that is none', to({ corsPolicy: { allowMethods: ['FROB'] } }), ['corsPolicy.allowMethods[0]']],
  [
    'a broken origin',
    to({ corsPolicy: { allowOrigins: [{ regex: '(' }] } }),
    ['corsPolicy.allowOrigins[0].regex'],
  ],
  ['an exposed line end', to({ corsPolicy: { exposeHeaders: ['a\r\n'] } }), ['corsPolicy.exposeHeaders[0]']],
  ['half seconds', to({ corsPolicy: { maxAge: '500ms' } }), ['corsPolicy.maxAge']],
  [
    'a header that ends a line',
    to({ headers: { request: { set: { a: 'x\r\ny: z' } } } }),
    ['headers.request.set[a]'],
  ],
  [
    'a header of the framing',
    to({ headers: { response: { add: { 'Content-Length': '1' } } } }),
    ['headers.response.add[Content-Length]'],
  ],
  [
    "the sidecars' own header",
    to({ headers: { request: { remove: ['X-Envoy-Peer-Metadata'] } } }),
    ['headers.request.remove[0]'],
  ],
  [
    'a header that is no token',
    to({ headers: { request: { remove: ['a b'] } } }),
    ['headers.request.remove[0]'],
  ],
  [
    'a host of a response',
    to({ headers: { response: { set: { host: 'x' } } } }),
    ['headers.response.set[host]'],
  ],
  [
    'a command in a value',
    to({ headers: { request: { set: { a: '%HOSTNAME%' } } } }),
    ['headers.request.set[a]'],
  ],
  [
    "a destination's header of the framing",
    { route: [{ ...route[0], headers: { request: { add: { te: 'x' } } } }] },
    ['route[0].headers.request.add[te]'],
  ],
  [
    'a destination for everything',
    { route: [{ destination: { host: '*' } }] },
    ['route[0].destination.host'],
  ],
  ['a mirror that is no name', to({ mirror: { host: 'a b' } }), ['mirror.host']],
  [
    'a broken query pattern',
    to({ match: [{ queryParams: { a: { regex: '(' } } }] }),
    ['match[0].queryParams[a].regex'],
  ],
  ['a broken scheme pattern', to({ match: [{ scheme: { regex: '(' } }] }), ['match[0].scheme.regex']],
  [
    'a source namespace that is none',
    to({ match: [{ sourceNamespace: 'A b' }] }),
    ['match[0].sourceNamespace'],
  ],
  ['a gateway that is none', to({ match: [{ gateways: ['a/b/c'] }] }), ['match[0].gateways[0]']],
])('refuses %s', (_name, http, paths) => {
  expect(mistakes(http)).toEqual(paths);
});

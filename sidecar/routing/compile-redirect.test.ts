import type { JsonObject } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { decide, refusalsOf, request } from './testing/tables.ts';

interface Asked {
  path?: string;
  authority?: string;
  secure?: boolean;
}

function locationOf(redirect: JsonObject, asked: Asked, match: JsonObject = { prefix: '/' }): string {
  const { secure = false, path = '/old', authority = 'shop' } = asked;
  const decision = decide({ match, redirect }, { path, authority });
  return decision.kind === 'redirect'
    ? decision.location(request({ path, authority }), secure)
    : decision.kind;
}

test.each<[JsonObject, Asked, string]>([
  [{}, { path: '/a?b' }, 'http://shop/a?b'],
  [{ path_redirect: '/new' }, { path: '/old?bar=1' }, 'http://shop/new?bar=1'],
  [{ path_redirect: '/new', strip_query: true }, { path: '/old?bar=1' }, 'http://shop/new'],
  [{ path_redirect: '/new?foo=1', strip_query: true }, { path: '/old?bar=1' }, 'http://shop/new?foo=1'],
  [{ path_redirect: '/new?foo=1' }, { path: '/old?bar=1' }, 'http://shop/new?foo=1'],
  [{ path_redirect: 'new' }, {}, 'http://shop/new'],
  [{ strip_query: true }, { path: '/old?bar=1' }, 'http://shop/old'],
  [{ host_redirect: 'other.test' }, { authority: 'shop:8080' }, 'http://other.test/old'],
  [{ host_redirect: 'other.test', port_redirect: 81 }, {}, 'http://other.test:81/old'],
  [{ port_redirect: 81 }, { authority: 'shop:8080' }, 'http://shop:81/old'],
  [{ port_redirect: 81 }, { authority: '[::1]' }, 'http://[::1]:81/old'],
  [{ port_redirect: 81 }, { authority: '[::1]:80' }, 'http://[::1]:81/old'],
  [{ https_redirect: true }, {}, 'https://shop/old'],
  [{ https_redirect: true }, { authority: 'shop:80' }, 'https://shop/old'],
  [{ https_redirect: true }, { authority: 'shop:8080' }, 'https://shop:8080/old'],
  [{ https_redirect: true }, { authority: 'shop:443' }, 'https://shop:443/old'],
  [{ https_redirect: true }, { authority: 'shop:443', secure: true }, 'https://shop:443/old'],
  [{ https_redirect: true, port_redirect: 8443 }, { authority: 'shop:80' }, 'https://shop:8443/old'],
  [{ https_redirect: false }, {}, 'http://shop/old'],
  [{ scheme_redirect: 'HTTP' }, { authority: 'shop:443', secure: true }, 'http://shop/old'],
  [{ scheme_redirect: 'http' }, { authority: '[::1]:443', secure: true }, 'http://[::1]/old'],
  [{}, { authority: 'shop:80' }, 'http://shop:80/old'],
  [{}, { secure: true }, 'https://shop/old'],
])('%o of %o leads to %s', (redirect, asked, location) => {
  expect(locationOf(redirect, asked)).toBe(location);
});

test.each<[JsonObject, JsonObject, string]>([
  [{ prefix: '/old/' }, { prefix_rewrite: '/new/' }, 'http://shop/new/x?q=1'],
  [{ prefix: '/old/' }, { prefix_rewrite: '/new/', strip_query: true }, 'http://shop/new/x'],
  [{ path: '/old/x' }, { prefix_rewrite: '/new' }, 'http://shop/new?q=1'],
  [
    { prefix: '/' },
    { regex_rewrite: { pattern: { regex: '^/old/(.*)$' }, substitution: '/\\1/new' } },
    'http://shop/x/new?q=1',
  ],
])('a match by %o with %o rewrites the path', (match, redirect, location) => {
  expect(locationOf(redirect, { path: '/old/x?q=1' }, match)).toBe(location);
});

test.each<[string | undefined, number]>([
  [undefined, 301],
  ['MOVED_PERMANENTLY', 301],
  ['FOUND', 302],
  ['SEE_OTHER', 303],
  ['TEMPORARY_REDIRECT', 307],
  ['PERMANENT_REDIRECT', 308],
])('response_code %s is %s', (code, status) => {
  const redirect = code === undefined ? {} : { response_code: code };
  expect(decide({ name: 'r', redirect })).toMatchObject({ kind: 'redirect', route: 'r', status });
});

test('edits the headers of the answer', () => {
  const response_headers_to_remove = ['server'];
  expect(decide({ redirect: {}, response_headers_to_remove })).toMatchObject({
    responseEdits: { remove: ['server'], set: [], add: [] },
  });
});

test.each<[JsonObject, string]>([
  [{ host_redirect: 'a/b' }, 'host_redirect: must be a host'],
  [{ host_redirect: 'a\r\nset-cookie: x' }, 'host_redirect: must be a host'],
  [{ path_redirect: '/a\r\nb' }, 'path_redirect: must be printable ASCII without spaces'],
  [{ prefix_rewrite: 'a' }, 'prefix_rewrite: must start with /'],
  [
    { regex_rewrite: { pattern: { regex: '(' } } },
    'regex_rewrite.pattern: error parsing regexp: missing closing ): `(`',
  ],
  [{ port_redirect: 70000 }, 'port_redirect: must be at most 65535'],
  [{ scheme_redirect: 'java script' }, 'scheme_redirect: must be a scheme'],
  [{ response_code: 9 }, 'response_code: 9 is not supported'],
])('%o is refused', (redirect, reason) => {
  expect(refusalsOf({ redirect })).toEqual([`redirect.${reason}`]);
});

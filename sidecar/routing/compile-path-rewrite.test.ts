import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { decide, refusalsOf } from './testing/tables.ts';

function rewritten(match: JsonObject, action: JsonObject, path: string): string | undefined {
  const decision = decide({ match, route: { cluster: 'a', ...action } }, { path });
  return decision.kind === 'forward' ? decision.rewrite?.path?.(path) : decision.kind;
}

const regex = (pattern: string, substitution: string): JsonObject => ({
  regex_rewrite: { pattern: { regex: pattern }, substitution },
});

test.each<[JsonObject, string, string, string]>([
  [{ prefix: '/api/' }, '/', '/api/x?q=1', '/x?q=1'],
  [{ prefix: '/api' }, '/v2', '/apis', '/v2s'],
  [{ prefix: '/api' }, '/', '/api', '/'],
  [{ prefix: '/api' }, '/', '/api/x', '//x'],
  [{ prefix: '/API', case_sensitive: false }, '/v2', '/api/x', '/v2/x'],
  [{ path_separated_prefix: '/api' }, '/v2', '/api/x?y', '/v2/x?y'],
  [{ path: '/api' }, '/other', '/api?q=1', '/other?q=1'],
  [{ safe_regex: { regex: '/a.*' } }, '/other', '/abc?q=1', '/other?q=1'],
])('%o with prefix_rewrite %s makes %s %s', (match, prefix_rewrite, path, expected) => {
  expect(rewritten(match, { prefix_rewrite }, path)).toBe(expected);
});

test.each<[string, string, string, string]>([
  ['^/service/([^/]+)(/.*)$', '\\2/instance/\\1', '/service/foo/v1/api', '/v1/api/instance/foo'],
  ['one', 'two', '/xxx/one/yyy/one/zzz', '/xxx/two/yyy/two/zzz'],
  ['^(.*?)one(.*)$', '\\1two\\2', '/xxx/one/yyy/one/zzz', '/xxx/two/yyy/one/zzz'],
  ['(?i)/xxx/', '/yyy/', '/aaa/XxX/bbb', '/aaa/yyy/bbb'],
  ['one', 'two', '/none?one', '/ntwo?one'],
  ['/b', '[\\0]', '/a/b', '/a[/b]'],
  ['/a', '\\\\', '/a', '/\\'],
  ['(/x)|/y', '/[\\1]', '/y/x', '/[]/[/x]'],
  ['.*', '/all', '/a/b', '/all'],
  ['z*', '-', '/ab', '/-/-a-b-'],
  ['^/', '', '/a', '/a'],
  ['no', 'yes', '/other', '/other'],
  ['$1', 'x', '/$1', '/$1'],
  ['/a', '/$1$&', '/a', '/$1$&'],
])('regex_rewrite of %s by %s makes %s %s', (pattern, substitution, path, expected) => {
  expect(rewritten({ prefix: '/' }, regex(pattern, substitution), path)).toBe(expected);
});

test('a hostile path costs a bounded number of searches, and the rest of it stays', () => {
  const path = `/${'a'.repeat(30_000)}`;
  expect(rewritten({ prefix: '/' }, regex('a(?:.*b)?', 'x'), path)).toBe(`/xx${'a'.repeat(29_998)}`);
});

test('a long path of many matches is rewritten as a whole', () => {
  const path = '/segment'.repeat(100);
  expect(rewritten({ prefix: '/' }, regex('segment', 's'), path)).toBe('/s'.repeat(100));
});

describe('the host', () => {
  test.each<[JsonObject, string | undefined]>([
    [{ host_rewrite_literal: 'shop.test' }, 'shop.test'],
    [{ host_rewrite_literal: '[::1]:80', prefix_rewrite: '/x' }, '[::1]:80'],
    [{ prefix_rewrite: '/x' }, undefined],
  ])('%o gives %s', (action, authority) => {
    expect(decide({ route: { cluster: 'a', ...action } })).toMatchObject({ rewrite: { authority } });
  });

  test.each<[JsonObject, string]>([
    [{}, 'cluster.test'],
    [{ host_rewrite_literal: 'route.test' }, 'route.test'],
  ])("a weighted cluster's gives way to the route's: %o", (action, authority) => {
    const clusters = [{ name: 'a', weight: 1, host_rewrite_literal: 'cluster.test' }];
    const decision = decide({ route: { weighted_clusters: { clusters }, ...action } });
    expect(decision).toMatchObject({ rewrite: { path: undefined, authority } });
  });

  test('nothing to rewrite is undefined', () => {
    expect(decide({ route: { cluster: 'a' } })).toMatchObject({ rewrite: undefined });
  });
});

test.each<[JsonObject, string]>([
  [{ prefix_rewrite: 'x' }, 'prefix_rewrite: must start with /'],
  [{ prefix_rewrite: '/a b' }, 'prefix_rewrite: must be printable ASCII without spaces'],
  [{ prefix_rewrite: '/\r\n' }, 'prefix_rewrite: must be printable ASCII without spaces'],
  [{ prefix_rewrite: '/', ...regex('a', 'b') }, 'regex_rewrite: cannot stand beside prefix_rewrite'],
  [
    regex('a(?=b)', 'x'),
    'regex_rewrite.pattern: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ],
  [regex('(a{0,30}){0,30}', 'x'), 'regex_rewrite.pattern: regex compiles to more than 500 instructions'],
  [regex('(a)', '\\2'), 'regex_rewrite.substitution: the pattern has no group 2'],
  [
    regex('a', '\\x'),
    'regex_rewrite.substitution: a backslash must be followed by a digit or by another one',
  ],
  [
    regex('a', 'x\\'),
    'regex_rewrite.substitution: a backslash must be followed by a digit or by another one',
  ],
  [regex('a', '\n'), 'regex_rewrite.substitution: must be printable ASCII without spaces'],
  [{ regex_rewrite: { substitution: 'x' } }, 'regex_rewrite.pattern: is required'],
  [{ host_rewrite_literal: 'a b' }, 'host_rewrite_literal: must be a host'],
  [{ host_rewrite_literal: 'a\r\nb' }, 'host_rewrite_literal: must be a host'],
  [{ auto_host_rewrite: true }, 'auto_host_rewrite: not supported'],
  [{ host_rewrite_header: 'x' }, 'host_rewrite_header: not supported'],
  [{ host_rewrite_path_regex: {} }, 'host_rewrite_path_regex: not supported'],
  [{ append_x_forwarded_host: true }, 'append_x_forwarded_host: not supported'],
  [{ path_rewrite_policy: { name: 'x' } }, 'path_rewrite_policy: not supported'],
])('%o is refused', (action, reason) => {
  expect(refusalsOf({ route: { cluster: 'a', ...action } })).toEqual([`route.${reason}`]);
});

import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import type { RouteTable } from './route-table.ts';
import { host, reasonsOf, request, type Sent, select, tableOf, to } from './testing/tables.ts';

describe('virtual hosts', () => {
  const table = tableOf([
    host(['exact.example.com', 'exact.example.com:80'], to('exact')),
    host(['*.example.com'], to('suffix')),
    host(['*-bar.example.com'], to('longer-suffix')),
    host(['api.*'], to('prefix')),
    host(['api.example.*'], to('longer-prefix')),
    host(['*'], to('any')),
  ]);
  test.each([
    ['exact.example.com', 'exact'],
    ['exact.example.com:80', 'exact'],
    ['exact.example.com:81', 'any'],
    ['x.example.com', 'suffix'],
    ['x.y.example.com', 'suffix'],
    ['.example.com', 'any'],
    ['foo-bar.example.com', 'longer-suffix'],
    ['-bar.example.com', 'suffix'],
    ['api.org', 'prefix'],
    ['api.', 'any'],
    ['api.example.org', 'longer-prefix'],
    ['api.example.com', 'suffix'],
    ['', 'any'],
  ])('%s goes to %s', (authority, cluster) => {
    expect(select(table, { authority })).toBe(cluster);
  });

  test('compare domains without case', () => {
    expect(select(tableOf([host(['WWW.Example.Com'], to('a'))]), { authority: 'www.example.com' })).toBe('a');
  });

  test.each([
    ['a:8080', 'a'],
    ['[::1]:80', 'six'],
    ['[::1]', 'six'],
  ])('ignore the port of %s when told to', (authority, cluster) => {
    const hosts = [host(['a'], to('a')), host(['[::1]'], to('six'))];
    expect(select(tableOf(hosts, { ignore_port_in_host_matching: true }), { authority })).toBe(cluster);
  });
});

describe('path matches', () => {
  const regex = (text: string): JsonObject => ({ safe_regex: { regex: text } });
  test.each<[JsonObject, string, boolean]>([
    [{ prefix: '/api' }, '/api', true],
    [{ prefix: '/api' }, '/apis', true],
    [{ prefix: '/api' }, '/api?x=1', true],
    [{ prefix: '/api' }, '/ap', false],
    [{ prefix: '/a?b' }, '/a?b', false],
    [{ path: '/api' }, '/api', true],
    [{ path: '/api' }, '/api?x=1', true],
    [{ path: '/api' }, '/api#top', true],
    [{ path: '/api' }, '/api/', false],
    [{ path: '/api' }, '/API', false],
    [{ path: '/api', case_sensitive: false }, '/API', true],
    [{ prefix: '/Api', case_sensitive: false }, '/aPI/x', true],
    [{ path_separated_prefix: '/api' }, '/api', true],
    [{ path_separated_prefix: '/api' }, '/api/x', true],
    [{ path_separated_prefix: '/api' }, '/api?x', true],
    [{ path_separated_prefix: '/api' }, '/apis', false],
    [regex('/v[0-9]+'), '/v12', true],
    [regex('/v[0-9]+'), '/v12?x=y', true],
    [regex('/v[0-9]+'), '/v12/x', false],
    [regex('v[0-9]+'), '/v12', false],
    [regex('(?i)/ABC.*'), '/abcdef', true],
  ])('%o and %s: %s', (match, path, matches) => {
    expect(select(tableOf([host(['*'], to('a', match))]), { path })).toBe(matches ? 'a' : 404);
  });
});

describe('header matches', () => {
  const exact = { string_match: { exact: 'v' } };
  const absent = {};
  test.each<[string, JsonObject, Record<string, string>, boolean]>([
    ['exact', exact, { h: 'v' }, true],
    ['exact, another value', exact, { h: 'w' }, false],
    ['exact, missing', exact, absent, false],
    ['inverted', { ...exact, invert_match: true }, { h: 'w' }, true],
    ['inverted, missing', { ...exact, invert_match: true }, absent, false],
    [
      'inverted, missing as empty',
      { ...exact, invert_match: true, treat_missing_header_as_empty: true },
      absent,
      true,
    ],
    ['prefix', { string_match: { prefix: 'v' } }, { h: 'value' }, true],
    ['suffix without case', { string_match: { suffix: 'UE', ignore_case: true } }, { h: 'value' }, true],
    ['contains', { string_match: { contains: 'alu' } }, { h: 'value' }, true],
    ['regex, whole value', { string_match: { safe_regex: { regex: 'v.*' } } }, { h: 'value' }, true],
    ['regex, a part only', { string_match: { safe_regex: { regex: 'v' } } }, { h: 'value' }, false],
    ['present', { present_match: true }, { h: '' }, true],
    ['present, missing', { present_match: true }, absent, false],
    ['not present', { present_match: true, invert_match: true }, absent, true],
    ['absent', { present_match: false }, absent, true],
    ['absent, there', { present_match: false }, { h: 'x' }, false],
    ['nothing said is presence', {}, { h: 'x' }, true],
    ['range', { range_match: { start: '-5', end: '10' } }, { h: '-5' }, true],
    ['range, at its end', { range_match: { start: '-5', end: '10' } }, { h: '10' }, false],
    ['range, not a number', { range_match: { start: '-5', end: '10' } }, { h: 'x' }, false],
  ])('%s', (_name, matcher, headers, matches) => {
    const table = tableOf([host(['*'], to('a', { prefix: '/', headers: [{ name: 'h', ...matcher }] }))]);
    expect(select(table, { headers })).toBe(matches ? 'a' : 404);
  });

  test.each<[string, string, Sent]>([
    [':method', 'POST', { method: 'POST' }],
    [':authority', 'shop:80', { authority: 'shop:80' }],
    [':path', '/x?y', { path: '/x?y' }],
    [':scheme', 'https', { scheme: 'https' }],
  ])('%s stands for a part of the request', (name, exact, sent) => {
    const matcher = { name, string_match: { exact } };
    const table = tableOf([host(['*'], to('a', { prefix: '/', headers: [matcher] }))]);
    expect(select(table, sent)).toBe('a');
    expect(select(table, { method: 'PUT', authority: 'other', path: '/' })).toBe(404);
  });

  test('must all hold', () => {
    const headers = [
      { name: 'a', ...exact },
      { name: 'b', ...exact },
    ];
    const table = tableOf([host(['*'], to('x', { prefix: '/', headers }))]);
    expect(select(table, { headers: { a: 'v', b: 'v' } })).toBe('x');
    expect(select(table, { headers: { a: 'v' } })).toBe(404);
  });
});

test.each<[JsonObject, string, boolean]>([
  [{ string_match: { exact: '1' } }, '/?q=1', true],
  [{ string_match: { exact: '1' } }, '/?p=2&q=1#top', true],
  [{ string_match: { exact: '1' } }, '/?q=2&q=1', false],
  [{ present_match: true }, '/?q', true],
  [{ present_match: true }, '/q', false],
  [{ present_match: false }, '/', true],
])('query parameter q %o of %s: %s', (matcher, path, matches) => {
  const match = { prefix: '/', query_parameters: [{ name: 'q', ...matcher }] };
  expect(select(tableOf([host(['*'], to('a', match))]), { path })).toBe(matches ? 'a' : 404);
});

describe('decisions', () => {
  test('a route without a name is called by the rule behind it', () => {
    const config = '/apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews';
    const metadata = { filter_metadata: { istio: { config } } };
    const named = (fields: JsonObject) => {
      const route = { match: { prefix: '/' }, route: { cluster: 'c' }, ...fields };
      return tableOf([{ name: 'h', domains: ['*'], routes: [route] }]).select(request({}));
    };
    expect(named({ metadata })).toMatchObject({ route: 'virtual-service shop/reviews' });
    expect(named({ metadata, name: 'own' })).toMatchObject({ route: 'own' });
    expect(named({})).toMatchObject({ route: '' });
  });

  const decide = (route: JsonObject, fields: JsonObject = {}) =>
    tableOf([{ ...host(['*'], { name: 'r', match: { prefix: '/' }, route }), ...fields }]).select(
      request({}),
    );

  test('the first route that matches wins', () => {
    const table = tableOf([host(['*'], to('a', { prefix: '/a' }), to('b'), to('c', { path: '/c' }))]);
    expect([select(table, { path: '/a' }), select(table, { path: '/c' })]).toEqual(['a', 'b']);
  });

  test('are the same object for the same cluster', () => {
    const table = tableOf([host(['*'], to('a'))]);
    expect(table.select(request({}))).toBe(table.select(request({ path: '/other' })));
  });

  test.each<[string, JsonObject, object]>([
    ['Envoy waits 15 s by default', {}, { timeoutMs: 15_000 }],
    ['0s is no deadline', { timeout: '0s' }, { timeoutMs: 0 }],
    ['a deadline', { timeout: '0.5s' }, { timeoutMs: 500 }],
  ])('%s', (_name, fields, expected) => {
    expect(decide({ cluster: 'a', ...fields })).toMatchObject({ kind: 'forward', route: 'r', ...expected });
  });

  test('tell the upstream its try only when the virtual host says so', () => {
    expect(decide({ cluster: 'a' }, { include_request_attempt_count: true })).toMatchObject({
      countAttempts: true,
    });
    expect(decide({ cluster: 'a' })).toMatchObject({ countAttempts: false });
  });

  test('refuse with 503 NC when the cluster does not exist, and name it', () => {
    expect(decide({ cluster: 'gone' })).toEqual({
      kind: 'reject',
      status: 503,
      flag: 'NC',
      reason: 'route "r" names cluster "gone", which does not exist',
    });
    expect(decide({ cluster: 'gone', cluster_not_found_response_code: 'NOT_FOUND' })).toMatchObject({
      status: 404,
    });
  });

  test('refuse with 404 NR and say what was looked for', () => {
    const table = tableOf([host(['shop'], to('a', { path: '/only' }))]);
    expect(table.select(request({ authority: 'else' }))).toEqual({
      kind: 'reject',
      status: 404,
      flag: 'NR',
      reason: 'no virtual host of "t" is for "else"',
    });
    expect(table.select(request({ authority: 'shop', path: '/x' }))).toMatchObject({
      flag: 'NR',
      reason: 'no route of virtual host "shop" in "t" matches GET /x',
    });
  });

  test('draw clusters by weight, never one of weight 0', () => {
    const weighted = {
      clusters: [
        { name: 'a', weight: 90 },
        { name: 'b', weight: 10 },
        { name: 'c', weight: 0 },
      ],
    };
    const table = tableOf([host(['*'], { match: { prefix: '/' }, route: { weighted_clusters: weighted } })]);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 10_000; i += 1) {
      const cluster = String(select(table, {}));
      counts[cluster] = (counts[cluster] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['a', 'b']);
    expect(counts['b']).toBe(1000);
  });
});

test.each<[string, JsonObject, string]>([
  ['CORS', { ...host(['*'], to('a')), cors: {} }, 'virtual_hosts[0].cors: not supported'],
  ['a domain twice', host(['a', 'A'], to('a')), 'virtual_hosts[0].domains: "A" stands twice'],
  ['no domain', host([], to('a')), 'virtual_hosts[0].domains: must name at least one domain'],
  ['no match', host(['*'], { route: { cluster: 'a' } }), 'virtual_hosts[0].routes[0].match: is required'],
  ...Object.entries<JsonValue>({
    grpc: {},
    tls_context: { presented: true },
    connect_matcher: {},
    runtime_fraction: { default_value: { numerator: 1 } },
    dynamic_metadata: [{ filter: 'f' }],
  }).map<[string, JsonObject, string]>(([field, value]) => [
    `a match by ${field}`,
    host(['*'], to('a', field === 'connect_matcher' ? { [field]: value } : { prefix: '/', [field]: value })),
    `virtual_hosts[0].routes[0].match.${field}: not supported`,
  ]),
  [
    'a deadline before the start',
    host(['*'], { match: { prefix: '/' }, route: { cluster: 'a', timeout: '-1s' } }),
    'virtual_hosts[0].routes[0].route.timeout: must not be negative',
  ],
  [
    'a deadline that no timer can hold',
    host(['*'], { match: { prefix: '/' }, route: { cluster: 'a', timeout: '9999999s' } }),
    'virtual_hosts[0].routes[0].route.timeout: must be at most 24 days',
  ],
  [
    'weights of 0',
    host(['*'], {
      match: { prefix: '/' },
      route: { weighted_clusters: { clusters: [{ name: 'a', weight: 0 }] } },
    }),
    'virtual_hosts[0].routes[0].route.weighted_clusters: the weights sum up to 0',
  ],
  [
    'a bad regex',
    host(['*'], to('a', { safe_regex: { regex: 'a(?=b)' } })),
    'virtual_hosts[0].routes[0].match.safe_regex: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  ],
  [
    'a huge regex',
    host(['*'], to('a', { safe_regex: { regex: '((a{0,30}){0,30})' } })),
    'virtual_hosts[0].routes[0].match.safe_regex: regex compiles to more than 500 instructions',
  ],
  [
    'an unknown pseudo-header',
    host(['*'], to('a', { prefix: '/', headers: [{ name: ':protocol' }] })),
    'virtual_hosts[0].routes[0].match.headers[0].name: pseudo-header :protocol is not supported',
  ],
])('refuses %s by name', (_name, virtualHost, reason) => {
  expect(reasonsOf([virtualHost])).toEqual([reason]);
});

test('refuses every mistake at once', () => {
  const bad = { match: {}, route: { cluster: '', timeout: '1s', idle_timeout: '1s' } };
  expect(reasonsOf([host(['*'], bad), host(['*'], to('a'))])).toEqual([
    'virtual_hosts[0].routes[0].match: no path is given (prefix, path, path_separated_prefix or safe_regex)',
    'virtual_hosts[0].routes[0].route.idle_timeout: only 0s is supported',
    'virtual_hosts[0].routes[0].route.cluster: must not be empty',
    'virtual_hosts[1].name: "*" is taken by another virtual host',
    'virtual_hosts[1].domains: "*" stands twice',
  ]);
});

test.each([
  ['(a*)*b', `/${'a'.repeat(8000)}`],
  ['(a|aa)+$', `/${'a'.repeat(8000)}b`],
  ['.*(x+x+)+y.*', `/${'x'.repeat(8000)}`],
])('a hostile pattern %s does not stall on a hostile path', (regex, path) => {
  const table = tableOf([host(['*'], to('a', { safe_regex: { regex } }))]);
  const cheap = tableOf([host(['*'], to('a', { safe_regex: { regex: '/[ax]+c' } }))]);
  const time = (subject: RouteTable): number => {
    const before = performance.now();
    for (let i = 0; i < 20; i += 1) expect(select(subject, { path })).toBe(404);
    return performance.now() - before;
  };
  time(cheap);
  time(table);
  expect(time(table)).toBeLessThan(100 * (time(cheap) + 1));
});

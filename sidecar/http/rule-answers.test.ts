import { describe, expect, test } from 'vitest';
import type { RequestView } from '#sidecar/routing/request-view.ts';
import type { CorsPolicy } from '#sidecar/routing/route-table.ts';
import { directAnswer, judgeCors, redirectTo } from './rule-answers.ts';

function view(method: string, headers: Readonly<Record<string, string>> = {}): RequestView {
  return {
    method,
    path: '/p?q',
    rooted: true,
    authority: 'app',
    scheme: 'http',
    header: (name) => headers[name],
  };
}

describe('redirect', () => {
  const to = (location: string) =>
    redirectTo({ kind: 'redirect', route: 'r', status: 302, location: () => location }, view('GET'));

  test.each(['/a', 'https://b.test/p?q', 'http://[::1]:80/'])('goes to %s', (location) => {
    expect(to(location)).toEqual({ status: 302, lines: [['location', location]], body: new Uint8Array(0) });
  });

  test.each(['', '/a\r\nevil: 1', '/a b', '/\u{1F600}', `/${'a'.repeat(70_000)}`])(
    'not to %j',
    (location) => {
      expect(to(location)).toBeUndefined();
    },
  );

  test('knows whether the request came over TLS', () => {
    const location = (_: RequestView, secure: boolean): string => (secure ? '/tls' : '/plain');
    const decision = { kind: 'redirect', route: 'r', status: 301, location } as const;
    expect(redirectTo(decision, { ...view('GET'), scheme: 'https' })?.lines).toEqual([['location', '/tls']]);
    expect(redirectTo(decision, view('GET'))?.lines).toEqual([['location', '/plain']]);
  });
});

test.each([
  ['hello', [['content-type', 'text/plain']]],
  ['', []],
])('a direct answer with body %j', (text, lines) => {
  const body = Buffer.from(text);
  expect(directAnswer({ kind: 'direct', route: 'r', status: 503, body })).toEqual({
    status: 503,
    lines,
    body,
  });
});

describe('CORS', () => {
  const policy: CorsPolicy = {
    allowsOrigin: (origin) => origin === 'https://ok.test',
    allowMethods: 'GET,POST',
    allowHeaders: 'x-a',
    exposeHeaders: 'x-b',
    maxAge: '60',
    allowCredentials: true,
    forwardUnmatchedPreflights: true,
  };
  const plain: CorsPolicy = {
    ...policy,
    allowMethods: '',
    allowHeaders: '',
    exposeHeaders: '',
    maxAge: '',
    allowCredentials: false,
  };
  const OK = { origin: 'https://ok.test' };
  const ASKED = { 'access-control-request-method': 'POST' };
  const ALL_ALLOWED = [
    ['access-control-allow-origin', 'https://ok.test'],
    ['access-control-allow-credentials', 'true'],
    ['access-control-allow-methods', 'GET,POST'],
    ['access-control-allow-headers', 'x-a'],
    ['access-control-max-age', '60'],
  ];
  const ALL_EXPOSED =
    'access-control-allow-origin: https://ok.test\r\naccess-control-allow-credentials: true\r\naccess-control-expose-headers: x-b\r\n';

  test.each<
    [string, CorsPolicy, RequestView, readonly (readonly string[])[] | undefined, string | undefined]
  >([
    ['no origin', policy, view('GET'), undefined, undefined],
    ['an empty origin', policy, view('OPTIONS', { origin: '', ...ASKED }), undefined, undefined],
    ['an allowed origin', policy, view('GET', OK), undefined, ALL_EXPOSED],
    [
      'an allowed origin, little to say',
      plain,
      view('GET', OK),
      undefined,
      'access-control-allow-origin: https://ok.test\r\n',
    ],
    ['another origin', policy, view('GET', { origin: 'https://no.test' }), undefined, undefined],
    ['a preflight', policy, view('OPTIONS', { ...OK, ...ASKED }), ALL_ALLOWED, undefined],
    [
      'a preflight, little to say',
      plain,
      view('OPTIONS', { ...OK, ...ASKED }),
      [['access-control-allow-origin', 'https://ok.test']],
      undefined,
    ],
    ['OPTIONS that is no preflight', policy, view('OPTIONS', OK), undefined, ALL_EXPOSED],
    ['a preflight from elsewhere', policy, view('OPTIONS', { origin: 'x', ...ASKED }), undefined, undefined],
    [
      'a preflight from elsewhere that is not passed on',
      { ...policy, forwardUnmatchedPreflights: false },
      view('OPTIONS', { origin: 'x', ...ASKED }),
      [],
      undefined,
    ],
    [
      'another request from elsewhere, where preflights are not passed on',
      { ...policy, forwardUnmatchedPreflights: false },
      view('OPTIONS', { origin: 'x' }),
      undefined,
      undefined,
    ],
  ])('%s', (_, cors, request, preflight, block) => {
    const verdict = judgeCors(cors, request);
    expect(verdict.preflight?.lines).toEqual(preflight);
    expect(verdict.edits?.block.toString('latin1')).toBe(block);
  });

  test('replaces what the app says itself', () => {
    expect([...judgeCors(policy, view('GET', OK)).edits!.cuts]).toEqual([
      'access-control-allow-origin',
      'access-control-allow-credentials',
      'access-control-expose-headers',
    ]);
  });
});

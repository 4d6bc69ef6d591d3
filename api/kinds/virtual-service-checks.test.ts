import { expect, test } from 'vitest';
import { validate } from './validate.ts';
import { VirtualService } from './virtual-service.ts';

const route = [{ destination: { host: 'web' } }];

function mistakes(spec: object): string[] {
  const verdict = validate(VirtualService, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: 'default' },
    spec: { hosts: ['web'], http: [{ route }], ...spec },
  });
  return verdict.ok ? [] : verdict.mistakes.map(({ path }) => path);
}

test.each([
  ['a short name', { hosts: ['web'] }],
  ['a full name', { hosts: ['web.default.svc.cluster.local'] }],
  ['a wildcard', { hosts: ['*.example.com'] }],
  ['capitals', { hosts: ['API.example.com'] }],
  ['an RE2 pattern', { http: [{ match: [{ uri: { regex: '^/a/(?P<id>[0-9]+)$' } }], route }] }],
])('accepts %s', (_name, spec) => {
  expect(mistakes(spec)).toEqual([]);
});

test.each([
  ['a wildcard in the middle', { hosts: ['a.*.com'] }, 'spec.hosts[0]'],
  ['half a wildcard label', { hosts: ['*web.com'] }, 'spec.hosts[0]'],
  ['a host with a port', { hosts: ['web:80'] }, 'spec.hosts[0]'],
  ['a host with a slash', { hosts: ['web/x'] }, 'spec.hosts[0]'],
  ['a host that is too long', { hosts: [`${'a.'.repeat(127)}aa`] }, 'spec.hosts[0]'],
  [
    'a broken pattern',
    { http: [{ match: [{ uri: { regex: '(' } }], route }] },
    'spec.http[0].match[0].uri.regex',
  ],
  [
    'a look-ahead, which RE2 has not',
    { http: [{ match: [{ headers: { 'x-a': { regex: '(?=a)' } } }], route }] },
    'spec.http[0].match[0].headers[x-a].regex',
  ],
  [
    'a pattern that explodes',
    { http: [{ match: [{ method: { regex: '(x{0,30}){0,30}' } }], route }] },
    'spec.http[0].match[0].method.regex',
  ],
  [
    'weights beyond a uint32',
    {
      http: [
        {
          route: [
            { ...route[0], weight: 4_294_967_295 },
            { ...route[0], weight: 1 },
          ],
        },
      ],
    },
    'spec.http[0].route',
  ],
])('refuses %s', (_name, spec, path) => {
  expect(mistakes(spec)).toEqual([path]);
});

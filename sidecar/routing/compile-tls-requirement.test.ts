import { expect, test } from 'vitest';
import { host, reasonsOf, request, type Sent, tableOf, to } from './testing/tables.ts';

const table = tableOf([{ ...host(['*'], to('a')), require_tls: 'ALL' }]);

test.each<[Sent, string]>([
  [{ authority: 'shop.test', path: '/x?q=1' }, 'https://shop.test/x?q=1'],
  [{ authority: 'shop.test:80' }, 'https://shop.test/'],
  [{ authority: 'shop.test:8080', path: '/none' }, 'https://shop.test:8080/none'],
])('%o without TLS is sent to %s', (sent, location) => {
  const decision = table.select(request(sent));
  expect(decision).toMatchObject({ kind: 'redirect', status: 301 });
  expect(decision.kind === 'redirect' && decision.location(request(sent), false)).toBe(location);
});

test('a request over TLS is routed', () => {
  expect(table.select(request({ scheme: 'https' }))).toMatchObject({
    kind: 'forward',
    cluster: { name: 'a' },
  });
});

test('NONE asks for nothing', () => {
  const plain = tableOf([{ ...host(['*'], to('a')), require_tls: 'NONE' }]);
  expect(plain.select(request({}))).toMatchObject({ kind: 'forward' });
});

test('EXTERNAL_ONLY is refused', () => {
  expect(reasonsOf([{ ...host(['*'], to('a')), require_tls: 'EXTERNAL_ONLY' }])).toEqual([
    'virtual_hosts[0].require_tls: EXTERNAL_ONLY is not supported',
  ]);
});

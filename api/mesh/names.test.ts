import { expect, test } from 'vitest';
import { resolveHost, ruleHost } from './names.ts';

test.each([
  ['web', 'web.shop.svc.cluster.local', 'web.shop.svc.cluster.local'],
  ['web.other', 'web.other', 'web.other.svc.cluster.local'],
  ['web.other.svc', 'web.other.svc', 'web.other.svc.cluster.local'],
  ['www.example.com', 'www.example.com', 'www.example.com'],
])('%s is %s to a rule, %s to a client', (host, toRule, toClient) => {
  expect([ruleHost(host, 'shop'), resolveHost(host, 'shop')]).toEqual([toRule, toClient]);
});

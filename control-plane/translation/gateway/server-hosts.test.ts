import { expect, test } from 'vitest';
import { commonHosts } from './server-hosts.ts';

test.each<[string, string[], string[], string, string[]]>([
  ['the same name', ['a.com'], ['a.com'], 'default', ['a.com']],
  ['any host', ['*'], ['a.com', 'b.com'], 'default', ['a.com', 'b.com']],
  ['a rule for any host', ['a.com'], ['*'], 'default', ['a.com']],
  ['a wildcard over a name', ['*.a.com'], ['x.a.com', 'a.com', 'b.com'], 'default', ['x.a.com']],
  ['the narrower of two wildcards', ['*.a.com'], ['*.x.a.com'], 'default', ['*.x.a.com']],
  ['the narrower, the other way round', ['*.x.a.com'], ['*.a.com'], 'default', ['*.x.a.com']],
  ['names apart', ['a.com'], ['b.com'], 'default', []],
  ['a namespace that is the rule’s', ['shop/a.com'], ['a.com'], 'shop', ['a.com']],
  ['a namespace that is another', ['shop/a.com'], ['a.com'], 'default', []],
  ['the Gateway’s own namespace', ['./a.com'], ['a.com'], 'home', ['a.com']],
  ['every namespace', ['*/a.com'], ['a.com'], 'x', ['a.com']],
  ['case', ['A.com'], ['a.COM'], 'default', ['a.com']],
])('%s', (_, server, hosts, namespace, expected) => {
  expect(commonHosts(server, 'home', { namespace, hosts })).toEqual(expected);
});

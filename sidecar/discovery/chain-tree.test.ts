import { describe, expect, test } from 'vitest';
import { type ChainMatch, ChainTree } from './chain-tree.ts';
import { contains, type IpPrefix, parseIp } from './ip-prefix.ts';

function prefix(text: string): IpPrefix {
  const [address = '', length] = text.split('/');
  return { ...parseIp(address)!, length: Number(length) };
}

function match(fields: Partial<ChainMatch>): ChainMatch {
  return { port: undefined, prefixes: [], serverNames: [], transport: undefined, protocols: [], ...fields };
}

function treeOf(chains: Record<string, Partial<ChainMatch>>): ChainTree<string> {
  const tree = new ChainTree<string>();
  for (const [name, fields] of Object.entries(chains)) expect(tree.add(match(fields), name)).toBe(true);
  return tree;
}

describe('by server name', () => {
  const tree = treeOf({
    exact: { serverNames: ['a.example.com'] },
    near: { serverNames: ['*.example.com'] },
    far: { serverNames: ['*.com'] },
    nameless: { transport: 'tls' },
  });

  test.each([
    ['a.example.com', 'exact'],
    ['b.example.com', 'near'],
    ['x.y.example.com', 'near'],
    ['example.com', 'far'],
    ['com', 'nameless'],
    ['a.example.org', 'nameless'],
    ['', 'nameless'],
  ])('%s', (name, chain) => {
    expect(tree.at('10.0.0.1', 443)?.find(name, 'tls')?.get('')).toBe(chain);
  });
});

describe('by destination', () => {
  const tree = treeOf({
    port: { port: 80 },
    wide: { prefixes: [prefix('10.0.0.0/8')] },
    narrow: { prefixes: [prefix('10.1.0.0/16'), prefix('2001:db8::/32')] },
    one: { prefixes: [prefix('10.1.2.3/32')] },
    any: {},
  });

  test.each([
    ['10.1.2.3', 443, 'one'],
    ['10.1.2.4', 443, 'narrow'],
    ['::ffff:10.1.2.4', 443, 'narrow'],
    ['10.2.0.0', 443, 'wide'],
    ['11.0.0.0', 443, 'any'],
    ['2001:db8:1::5', 443, 'narrow'],
    ['2001:db9::5', 443, 'any'],
    ['10.1.2.3', 80, 'port'],
  ])('%s:%i', (address, port, chain) => {
    expect(tree.at(address, port)?.find('', 'raw_buffer')?.get('')).toBe(chain);
  });
});

test('the more specific step decides, and there is no way back', () => {
  const tree = treeOf({
    named: { serverNames: ['a.test'], transport: 'raw_buffer' },
    any: { transport: 'tls' },
  });
  expect(tree.at('10.0.0.1', 443)?.find('a.test', 'tls')).toBeUndefined();
  expect(tree.at('10.0.0.1', 443)?.find('b.test', 'tls')?.get('')).toBe('any');
});

test.each<[string, Partial<ChainMatch>, Partial<ChainMatch>]>([
  ['the same name', { serverNames: ['a', 'b'] }, { serverNames: ['b'] }],
  ['the same subnet', { prefixes: [prefix('10.1.0.0/16')] }, { prefixes: [prefix('10.1.2.3/16')] }],
  ['the same protocol', { protocols: ['h2', 'http/1.1'] }, { protocols: ['http/1.1'] }],
  ['nothing', {}, {}],
])('two chains with %s in common cannot be told apart', (_, first, second) => {
  const tree = treeOf({ first });
  expect(tree.add(match(second), 'second')).toBe(false);
});

describe('addresses', () => {
  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '::1.2.3',
    '12345::',
  ])('"%s" is none', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test.each([
    ['::', '::/0'],
    ['::1', '0:0:0:0:0:0:0:1/128'],
    ['fe80::1:2', 'fe80:0:0::/48'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6::/96'],
  ])('%s lies in %s', (address, range) => {
    expect(contains(prefix(range), parseIp(address)!)).toBe(true);
  });
});

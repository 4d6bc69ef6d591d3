import { describe, expect, test } from 'vitest';
import { seededRandom } from '#api/foundation/random.ts';
import { hashRequest } from './request-hash.ts';
import type { RequestView } from './request-view.ts';
import type { HashRule } from './route-table.ts';

function viewOf(headers: Record<string, string>, path = '/'): RequestView {
  return {
    scheme: 'http',
    method: 'GET',
    path,
    rooted: true,
    authority: 'app',
    header: (name) => headers[name],
  };
}

function hash(rules: HashRule[], headers: Record<string, string> = {}, path = '/', source = '10.0.0.1') {
  return hashRequest(rules, viewOf(headers, path), source, seededRandom(1));
}

const header = (name: string, terminal = false): HashRule => ({ by: 'header', name, terminal });
const cookie = (ttlMs: number | undefined, path = '/'): HashRule => {
  return { by: 'cookie', name: 'user', path, ttlMs, terminal: false };
};
const query: HashRule = { by: 'query', name: 'id', terminal: false };
const source: HashRule = { by: 'source-ip', terminal: false };

describe('request hash', () => {
  test('a key has one hash, another key another one', () => {
    const a = hash([header('x-user')], { 'x-user': 'a' });
    expect(a).toEqual(hash([header('x-user')], { 'x-user': 'a', 'x-other': 'b' }, '/other', '10.0.0.9'));
    expect(a.hash).not.toBe(hash([header('x-user')], { 'x-user': 'b' }).hash);
  });

  test.each<[string, HashRule[], Record<string, string>, string, string]>([
    ['header', [header('x-user')], { 'x-user': 'k' }, '/', ''],
    ['authority', [header(':path')], {}, 'k', ''],
    ['query', [query], {}, '/?a=b&id=k', ''],
    ['source', [source], {}, '/', 'k'],
    ['cookie', [cookie(undefined)], { cookie: 'a=b; user=k; c=d' }, '/', ''],
    ['quoted cookie', [cookie(undefined)], { cookie: 'user="k"' }, '/', ''],
  ])('%s', (_, rules, headers, path, from) => {
    const expected = hash([header('key')], { key: 'k' });
    expect(expected.hash).toBeDefined();
    expect(hash(rules, headers, path, from)).toEqual(expected);
  });

  test.each<[string, HashRule[], string]>([
    ['no header', [header('x-user')], ''],
    ['no parameter', [query], ''],
    ['no source', [source], ''],
    ['no cookie, and none to make', [cookie(undefined)], ''],
  ])('%s: none', (_, rules, from) => {
    expect(hash(rules, {}, '/', from)).toEqual({ hash: undefined, cookie: undefined });
  });

  test('rules combine by one turned bit and exclusive or, as in Envoy', () => {
    const one = hash([header('a')], { a: '1' }).hash!;
    const two = hash([header('b')], { b: '2' }).hash!;
    const both = hash([header('a'), header('b')], { a: '1', b: '2' }).hash;
    const turned = Number(((BigInt(one) << 1n) | (BigInt(one) >> 31n)) & 0xffff_ffffn);
    expect(both).toBe((turned ^ two) >>> 0);
    expect(both).not.toBe(hash([header('b'), header('a')], { a: '1', b: '2' }).hash);
  });

  test('a terminal rule is the last one, if it found something', () => {
    const one = hash([header('a')], { a: '1' });
    expect(hash([header('a', true), header('b')], { a: '1', b: '2' })).toEqual(one);
    expect(hash([header('b', true), header('a')], { a: '1' })).toEqual(one);
  });

  test.each([
    [90_500, '/shop', /^user="([0-9a-f]{16})"; Max-Age=91; Path=\/shop; HttpOnly$/],
    [0, '/', /^user="([0-9a-f]{16})"; Path=\/; HttpOnly$/],
    [1000, '', /^user="([0-9a-f]{16})"; Max-Age=1; HttpOnly$/],
  ])('a cookie with a ttl of %i ms is made, and is the key from then on', (ttlMs, path, pattern) => {
    const first = hash([cookie(ttlMs, path)]);
    const value = pattern.exec(first.cookie!)?.[1];
    expect(value).toBeDefined();
    expect(hash([cookie(ttlMs, path)], { cookie: `user=${value}` })).toEqual({
      hash: first.hash,
      cookie: undefined,
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProgram, stopPrograms } from '../testing/program.ts';

let base = '';
beforeAll(async () => {
  base = `http://127.0.0.1:${await startProgram('examples/httpbin/httpbin.ts')}`;
});
afterAll(stopPrograms);

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(base + path, { redirect: 'manual', ...init });
const json = async (path: string, init?: RequestInit): Promise<unknown> => (await get(path, init)).json();

describe('httpbin says what it was sent', () => {
  test('arguments, headers, origin and address', async () => {
    expect(await json('/get?a=1&b=2&b=3', { headers: { 'x-b3-traceid': 't' } })).toMatchObject({
      args: { a: '1', b: ['2', '3'] },
      headers: { 'X-B3-Traceid': 't' },
      origin: expect.stringContaining('127.0.0.1'),
      url: `${base}/get?a=1&b=2&b=3`,
    });
  });

  test.each([
    ['/post', 'POST', '{"a":1}', { data: '{"a":1}', json: { a: 1 }, form: {} }],
    ['/put', 'PUT', 'text', { data: 'text', json: null }],
    ['/anything/deep', 'DELETE', undefined, { method: 'DELETE', data: '' }],
  ])('%s: the body', async (path, method, body, expected) => {
    expect(await json(path, { method, ...(body === undefined ? {} : { body }) })).toMatchObject(expected);
  });

  test('a form', async () => {
    const body = new URLSearchParams({ name: 'a b' });
    expect(await json('/post', { method: 'POST', body })).toMatchObject({ form: { name: 'a b' }, data: '' });
  });

  test('cookies, user agent and the origin that a proxy names', async () => {
    const headers = { cookie: 'a=1; b=2', 'user-agent': 'me', 'x-forwarded-for': '192.0.2.1' };
    expect(await json('/cookies', { headers })).toEqual({ cookies: { a: '1', b: '2' } });
    expect(await json('/user-agent', { headers })).toEqual({ 'user-agent': 'me' });
    expect(await json('/ip', { headers })).toEqual({ origin: '192.0.2.1' });
  });
});

describe('httpbin answers as it is told to', () => {
  test.each([200, 204, 404, 418, 503])('/status/%i', async (code) => {
    expect((await get(`/status/${code}`)).status).toBe(code);
  });

  test('one of several statuses, by weight', async () => {
    expect((await get('/status/200:0,503:1')).status).toBe(503);
    expect([200, 404]).toContain((await get('/status/200,404')).status);
  });

  test.each([
    ['/redirect/2', '/redirect/1'],
    ['/relative-redirect/1', '/get'],
    ['/redirect-to?url=http%3A%2F%2Fx.example%2F&status_code=307', 'http://x.example/'],
    ['/cookies/set/a/1', '/cookies'],
  ])('%s leads to %s', async (path, location) => {
    expect((await get(path)).headers.get('location')).toBe(location);
  });

  test.each([
    ['/bytes/1000', 1000],
    ['/stream-bytes/30000', 30_000],
    ['/stream-bytes/99999999', 100 * 1024],
  ])('%s', async (path, size) => {
    expect((await (await get(path)).arrayBuffer()).byteLength).toBe(size);
  });

  test('headers of its own', async () => {
    expect((await get('/response-headers?x-hello=you')).headers.get('x-hello')).toBe('you');
  });

  test('lines, late', async () => {
    expect((await (await get('/stream/3')).text()).trim().split('\n')).toHaveLength(3);
    expect(await json('/delay/0.01')).toMatchObject({ args: {} });
  });

  test('who may come in', async () => {
    const headers = { authorization: `Basic ${btoa('me:secret')}` };
    expect((await get('/basic-auth/me/secret', { headers })).status).toBe(200);
    expect((await get('/basic-auth/me/secret')).status).toBe(401);
  });
});

test.each([
  ['/nowhere', {}, 404],
  ['/post', {}, 405],
  ['/status/abc', {}, 400],
  ['/status/999', {}, 400],
  ['/status/%ff', {}, 400],
  ['/redirect-to', {}, 400],
  ['/post', { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024) }, 413],
])('httpbin refuses %s', async (path, init, status) => {
  expect((await get(path, init)).status).toBe(status);
});

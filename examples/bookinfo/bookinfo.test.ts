import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { newestProgram, startProgram, stopPrograms } from '../testing/program.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await stopPrograms();
});

const start = (service: string, env: Readonly<Record<string, string>> = {}): Promise<number> =>
  startProgram(`examples/bookinfo/${service}.ts`, [], env);

/** A service of the test's own, which remembers the headers of every request. */
async function double(answer: (request: IncomingMessage) => [number, unknown]) {
  const seen: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const [status, body] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { seen, port: (server.address() as AddressInfo).port };
}

const at = (name: string, port: number): Record<string, string> => ({
  [`${name.toUpperCase()}_HOSTNAME`]: '127.0.0.1',
  [`${name.toUpperCase()}_SERVICE_PORT`]: String(port),
});

const get = (port: number, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
const body = async (response: Promise<Response>): Promise<unknown> => (await response).json();

describe('reviews', () => {
  test.each([
    ['v1 shows no stars', {}, undefined],
    ['v2 shows black stars', { ENABLE_RATINGS: 'true' }, { stars: 5, color: 'black' }],
    ['v3 shows red stars', { ENABLE_RATINGS: 'true', STAR_COLOR: 'red' }, { stars: 5, color: 'red' }],
  ])('%s', async (_name, env, rating) => {
    const ratings = await start('ratings');
    const port = await start('reviews', { ...env, ...at('ratings', ratings) });
    const { reviews } = (await body(get(port, '/reviews/0'))) as { reviews: { rating?: unknown }[] };
    expect(reviews.map((review) => review.rating)[0]).toEqual(rating);
  });

  test('say so when ratings cannot be had', async () => {
    const broken = await double(() => [503, {}]);
    const port = await start('reviews', { ENABLE_RATINGS: 'true', ...at('ratings', broken.port) });
    expect(JSON.stringify(await body(get(port, '/reviews/0')))).toContain(
      'Ratings service is currently unavailable',
    );
  });
});

describe('ratings', () => {
  test('can be changed', async () => {
    const port = await start('ratings');
    const changed = { Reviewer1: 1, Reviewer2: 2 };
    await get(port, '/ratings/7', { method: 'POST', body: JSON.stringify(changed) });
    expect(await body(get(port, '/ratings/7'))).toEqual({ id: 7, ratings: changed });
  });

  test.each([
    ['a product that is no number', '/ratings/x', {}],
    ['a body that is no JSON', '/ratings/1', { method: 'POST', body: '{' }],
  ])('refuse %s', async (_name, path, init) => {
    expect((await get(await start('ratings'), path, init)).status).toBe(400);
  });
});

test('details know the book and refuse what is no number', async () => {
  const port = await start('details');
  expect(await body(get(port, '/details/0'))).toMatchObject({ id: 0, author: 'William Shakespeare' });
  expect((await get(port, '/details/x')).status).toBe(400);
});

describe('productpage', () => {
  const REVIEW = { reviewer: 'R1', text: '<b>good</b>', rating: { stars: 4, color: 'red' } };

  async function page(answers: { reviews?: [number, unknown]; details?: [number, unknown] } = {}) {
    const reviews = await double(() => answers.reviews ?? [200, { podname: 'reviews-x', reviews: [REVIEW] }]);
    const details = await double(() => answers.details ?? [200, { author: 'W. S.' }]);
    const port = await start('productpage', {
      ...at('reviews', reviews.port),
      ...at('details', details.port),
    });
    return { port, reviews, details };
  }

  test('shows details, reviews and stars, with everything escaped', async () => {
    const { port } = await page();
    const text = await (await get(port, '/productpage')).text();
    expect(text).toContain('<title>Simple Bookstore App</title>');
    expect(text).toContain('&lt;b&gt;good&lt;/b&gt;');
    expect(text).toContain('4 of 5 stars, red');
    expect(text).toContain('reviews-x');
  });

  test('asks reviews twice before it apologises, and details once', async () => {
    const { port, reviews, details } = await page({ reviews: [500, {}], details: [404, {}] });
    const text = await (await get(port, '/productpage')).text();
    expect(text).toContain('Sorry, product reviews are currently unavailable for this book.');
    expect(text).toContain('Sorry, product details are currently unavailable for this book.');
    expect(reviews.seen).toHaveLength(2);
    expect(details.seen).toHaveLength(1);
    expect((await get(port, '/api/v1/products/0/reviews')).status).toBe(500);
  });

  test('sends the signed-in user and the trace headers, and no user that a caller claims', async () => {
    const { port, reviews, details } = await page();
    const form = { method: 'POST', body: new URLSearchParams({ username: 'jason', passwd: '' }) };
    const cookie = (await get(port, '/login', form)).headers.get('set-cookie')!.split(';')[0]!;
    await get(port, '/productpage', { headers: { cookie, 'x-request-id': 'abc', traceparent: '00-1-2-01' } });
    for (const { seen } of [reviews, details]) {
      expect(seen[0]).toMatchObject({ 'end-user': 'jason', 'x-request-id': 'abc', traceparent: '00-1-2-01' });
    }
    await get(port, '/productpage', { headers: { cookie: 'session=amFzb24.forged', 'end-user': 'jason' } });
    expect(reviews.seen[1]).not.toHaveProperty('end-user');
  });

  test('leads back only to its own pages after signing in', async () => {
    const { port } = await page();
    const form = { method: 'POST', body: 'username=a', headers: { referer: 'http://elsewhere.example/x' } };
    expect((await get(port, '/login', form)).headers.get('location')).toBe('/productpage');
  });

  test('signs out', async () => {
    const { port } = await page();
    expect((await get(port, '/logout')).headers.get('set-cookie')).toContain('Max-Age=0');
  });
});

test('a service that is told to stop still answers for a moment, then ends', async () => {
  const port = await start('details');
  const child = newestProgram();
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await get(port, '/health')).status).toBe(200);
  expect(await gone).toEqual([0, null]);
});

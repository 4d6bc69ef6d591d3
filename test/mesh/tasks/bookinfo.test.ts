import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { points, Tasks } from '../../support/tasks.ts';

/** The tasks that are told with Bookinfo: what their pages say one should see. */
let tasks: Tasks;
let page = '';
let cookie = '';

const NETWORKING = 'bookinfo/networking';
const route = (name: string): Promise<void> => tasks.apply(`${NETWORKING}/virtual-service-${name}.yaml`);

beforeAll(async () => {
  tasks = await Tasks.start(
    'bookinfo/bookinfo.yaml',
    `${NETWORKING}/destination-rule-all.yaml`,
    'httpbin/sample-client/fortio-deploy.yaml',
  );
  page = `http://${await tasks.address('productpage')}:9080`;
  await tasks.mesh.until('the page is served', async () =>
    (await fetch(`${page}/productpage`)).ok ? true : undefined,
  );
  cookie = await signIn('jason');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());
beforeEach(() => route('all-v1'));

async function signIn(user: string): Promise<string> {
  const form = { method: 'POST', body: new URLSearchParams({ username: user, passwd: '' }) };
  const answer = await fetch(`${page}/login`, { ...form, redirect: 'manual' });
  return answer.headers.get('set-cookie')!.split(';')[0]!;
}

interface View {
  readonly text: string;
  readonly seconds: number;
}

/** The product page as somebody who is signed in sees it, or as anybody does. */
async function look(as: 'jason' | 'anybody'): Promise<View> {
  const start = performance.now();
  const answer = await fetch(`${page}/productpage`, as === 'jason' ? { headers: { cookie } } : {});
  return { text: await answer.text(), seconds: (performance.now() - start) / 1000 };
}

const BLACK = 'stars, black';
const RED = 'stars, red';
const NO_REVIEWS = 'Sorry, product reviews are currently unavailable for this book.';
const NO_RATINGS = 'Ratings service is currently unavailable';

/** Who answers for reviews, asked by another pod. */
async function shares(requests: number): Promise<Readonly<Record<string, number>>> {
  const { by, codes } = await tasks.load(
    ...['-c', '4', '-n', String(requests), '-by', 'reviews-(v\\d)', 'http://reviews:9080/reviews/0'],
  );
  expect(codes).toEqual({ '200': requests });
  return by;
}

describe('request routing', () => {
  test('every page is without stars when all traffic goes to v1', async () => {
    for (let i = 0; i < 5; i += 1) {
      const { text } = await look('anybody');
      expect(text).not.toContain(BLACK);
      expect(text).not.toContain(RED);
    }
  });

  test('jason alone sees black stars', async () => {
    await route('reviews-test-v2');
    expect((await look('jason')).text).toContain(BLACK);
    expect((await look('anybody')).text).not.toContain(BLACK);
  });
});

describe('traffic shifting', () => {
  test('half of the traffic goes to v3, then all of it', async () => {
    await route('reviews-50-v3');
    const by = await shares(2000);
    expect(Math.abs(points(by, 'v3') - 50)).toBeLessThanOrEqual(2);
    expect(Object.keys(by).sort()).toEqual(['v1', 'v3']);
    await route('reviews-v3');
    for (let i = 0; i < 5; i += 1) expect((await look('anybody')).text).toContain(RED);
  });

  test.each([
    ['reviews-90-10', 10],
    ['reviews-80-20', 20],
  ])('%s', async (name, share) => {
    await route(name);
    expect(Math.abs(points(await shares(2000), 'v2') - share)).toBeLessThanOrEqual(2);
  });
});

describe('fault injection', () => {
  beforeEach(() => route('reviews-test-v2'));

  test('a delay of 7 s brings to light that the page waits 6 s for reviews, which wait 10 s for ratings', async () => {
    await route('ratings-test-delay');
    const { text, seconds } = await look('jason');
    expect(text).toContain(NO_REVIEWS);
    expect(seconds).toBeGreaterThan(5.9);
    expect(seconds).toBeLessThan(6.9);
    expect((await look('anybody')).text).not.toContain(NO_REVIEWS);
  });

  test('with an abort jason is told at once that there are no ratings', async () => {
    await route('ratings-test-abort');
    const { text, seconds } = await look('jason');
    expect(text).toContain(NO_RATINGS);
    expect(seconds).toBeLessThan(1);
    expect((await look('anybody')).text).not.toContain(NO_RATINGS);
  });

  test('details that answer 555 are missing from the page', async () => {
    await tasks.apply(`${NETWORKING}/fault-injection-details-v1.yaml`);
    expect((await look('anybody')).text).toContain(
      'Sorry, product details are currently unavailable for this book.',
    );
  });
});

describe('request timeouts', () => {
  test('the page waits 2 s for ratings; with a timeout of 0.5 s it gives up after two tries', async () => {
    await tasks.apply(
      'tasks/request-timeouts/reviews-v2.yaml',
      'tasks/request-timeouts/ratings-delay-2s.yaml',
    );
    const patient = await look('anybody');
    expect(patient.text).toContain(BLACK);
    expect(patient.seconds).toBeGreaterThan(1.9);
    await tasks.apply('tasks/request-timeouts/reviews-timeout.yaml');
    const hasty = await look('anybody');
    expect(hasty.text).toContain(NO_REVIEWS);
    expect(hasty.seconds).toBeGreaterThan(0.9);
    expect(hasty.seconds).toBeLessThan(1.8);
  });
});

test('the page is served through the ingress gateway too, and nothing else is', async () => {
  const gateway = await tasks.openGateway();
  await tasks.apply(`${NETWORKING}/bookinfo-gateway.yaml`);
  const served = await tasks.mesh.until('the machine knows the way', () =>
    fetch(`http://${gateway}/productpage`),
  );
  expect(await served.text()).toContain('<title>Simple Bookstore App</title>');
  expect((await fetch(`http://${gateway}/health`)).status).toBe(404);
});

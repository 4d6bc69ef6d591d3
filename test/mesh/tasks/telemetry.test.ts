import { afterAll, beforeAll, expect, test } from 'vitest';
import { Event } from '#api/kinds/event.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { sidecarMetric, Tasks } from '../../support/tasks.ts';

/** The tasks of docs/tasks/metrics.md and access-logs.md: what their pages say one should see. */
let tasks: Tasks;
let page = '';

beforeAll(async () => {
  tasks = await Tasks.start('bookinfo/bookinfo.yaml', 'bookinfo/telemetry.yaml');
  page = `http://${await tasks.address('productpage')}:9080/productpage`;
  await tasks.mesh.until('the page is served', async () => ((await fetch(page)).ok ? true : undefined));
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** A page of its own, known by its address. */
async function look(mark: string): Promise<void> {
  const answer = await fetch(`${page}?${mark}`);
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
}

/** Connections that stand keep for their requests under way what was in force before: the next ones have it. */
async function looksUntil<T>(what: string, found: () => Promise<T | undefined>): Promise<T> {
  return tasks.mesh.until(what, async () => {
    await look('more');
    return found();
  });
}

const received = (pod: Stored<Pod>, labels: Record<string, string> = {}): Promise<number> =>
  sidecarMetric(pod, 'istio_requests_total', { reporter: 'destination', ...labels });

async function linesOf(app: string): Promise<string[]> {
  const { metadata } = await tasks.podOf(app);
  return (await tasks.mesh.logs(metadata.name, 'istio-proxy')).trim().split('\n');
}

test('a tag more, and one fewer', async () => {
  await tasks.apply('tasks/metrics/reviews-tags.yaml');
  const line = await looksUntil('the tag is told', async () => {
    const pods = await tasks.mesh.podsReady('reviews', 3);
    const texts = await Promise.all(
      pods.map(async ({ status }) => (await fetch(`http://${status?.podIP}:15020/metrics`)).text()),
    );
    return texts
      .flatMap((text) => text.split('\n'))
      .find((each) => each.startsWith('istio_requests_total{') && each.includes('request_method="GET"'));
  });
  expect(line).toContain('reporter="destination"');
  expect(line).not.toContain('request_protocol');
});

test('nothing at all, and everything again', async () => {
  const pod = await tasks.podOf('details');
  await looksUntil('details counts', async () => ((await received(pod)) > 0 ? true : undefined));
  await tasks.apply('tasks/metrics/details-off.yaml');
  const before = await tasks.mesh.until('details counts no more', async () => {
    const count = await received(pod);
    for (let i = 0; i < 5; i++) await look('off');
    return (await received(pod)) === count ? count : undefined;
  });
  await tasks.delete('tasks/metrics/details-off.yaml');
  await looksUntil('details counts again', async () => ((await received(pod)) > before ? true : undefined));
});

test('lines in the format of Istio, and of JSON when the settings say so', async () => {
  await look('text');
  const text = await tasks.mesh.until('the line is there', async () =>
    (await linesOf('productpage')).find((line) => line.includes('/productpage?text')),
  );
  expect(text).toMatch(/^\[[-\dT:.]+Z\] "GET \/productpage\?text HTTP\/1\.1" 200 - via_upstream /);
  await tasks.apply('tasks/access-logs/json.yaml', 'tasks/access-logs/details-short.yaml');
  const json = await tasks.mesh.until('the line is JSON', async () => {
    await look('json');
    return (await linesOf('productpage')).find((line) => line.startsWith('{') && line.includes('?json'));
  });
  expect(JSON.parse(json)).toMatchObject({ method: 'GET', path: '/productpage?json', response_code: 200 });
  const short = await looksUntil('the labels are those of the provider', async () =>
    (await linesOf('details')).find((line) => line.startsWith('{"at":')),
  );
  expect(JSON.parse(short)).toMatchObject({ path: '/details/0', code: 200, flags: '-' });
});

test('settings that cannot be read leave what is in force, and say so', async () => {
  await tasks.applyText(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: 'accessLogEncoding: TEXT\nnonsense: true' },
    }),
  );
  const event = await tasks.mesh.until('the Event is there', async () => {
    const { items } = await tasks.mesh.client.list(Event, { namespace: 'istio-system' });
    return items.find(({ reason }) => reason === 'RefusedSettings');
  });
  expect(event.message).toContain('data.mesh.nonsense: unknown or unsupported field');
  await look('still');
  const line = await tasks.mesh.until('the line is there', async () =>
    (await linesOf('productpage')).find((each) => each.includes('?still')),
  );
  expect(JSON.parse(line)).toMatchObject({ path: '/productpage?still' });
});

test('a filter lets through only what it holds for', async () => {
  await tasks.delete('tasks/access-logs/details-short.yaml');
  await tasks.applyText(`
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: not-found, namespace: default }
spec:
  selector: { matchLabels: { app: productpage } }
  accessLogging: [{ match: { mode: SERVER }, filter: { expression: response.code == 404 } }]
`);
  const missing = page.replace('productpage', 'none');
  await tasks.mesh.until('what is not found is told, and nothing else', async () => {
    const mark = `n${performance.now()}`;
    await look(mark);
    await (await fetch(`${missing}?${mark}`)).arrayBuffer();
    const lines = await tasks.mesh.until('the line is there', async () => {
      const found = (await linesOf('productpage')).filter((line) => line.includes(mark));
      return found.some((line) => line.includes('/none?')) ? found : undefined;
    });
    return lines.length === 1 ? true : undefined;
  });
});

import { type Dispatcher, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ADAPTIVE_CONCURRENCY, LOCAL_RATE_LIMIT } from '#api/mesh/workload-limits.ts';
import { behave, ENDPOINT } from '../../support/endpoint-program.ts';
import { programPod, service } from '../../support/programs.ts';
import { sidecarMetric, Tasks } from '../../support/tasks.ts';

/** Limits that pods ask for in front of their app. */
let tasks: Tasks;
const TOKENS = 20;
const USUAL_MS = 100;

function limitedPod(app: string, annotations: Record<string, string>): object {
  const env = { DELAY_MS: app === 'adaptive' ? String(USUAL_MS) : '0' };
  const pod = programPod({ name: app, app, program: ENDPOINT, env, ready: true }) as { metadata: object };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  const bucket = JSON.stringify({ maxTokens: TOKENS, tokensPerFill: 1, fillInterval: '24h' });
  await tasks.mesh.apply(
    service('limited'),
    limitedPod('limited', { [LOCAL_RATE_LIMIT]: bucket }),
    service('adaptive'),
    limitedPod('adaptive', { [ADAPTIVE_CONCURRENCY]: 'true' }),
  );
  await Promise.all(['limited', 'adaptive'].map((name) => tasks.mesh.podReady(name)));
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** Over a connection of its own: one that is kept knows the limits of when it was made. */
const ask = ({ status }: Stored<Pod>): Promise<Dispatcher.ResponseData> =>
  request(`http://${status?.podIP}:8080/`, { reset: true });

test('a pod with tokens for some requests answers those, and says of the others why not', async () => {
  const pod = await tasks.mesh.podReady('limited');
  const { codes } = await tasks.load('-c', '4', '-n', '50', 'http://limited/');
  expect(codes).toEqual({ 200: TOKENS, 429: 50 - TOKENS });
  const answer = await ask(pod);
  expect(answer.statusCode).toBe(429);
  expect(answer.headers).toMatchObject({
    server: 'weft',
    'x-weft-hop': 'inbound sidecar of limited.default',
  });
  expect(answer.headers['x-weft-reason']).toMatch(/^RL; rate limit "traffic.weft.dev\/local-rate-limit" /);
  const limited = { response_flags: 'RL', response_code: '429' };
  expect(await sidecarMetric(pod, 'istio_requests_total', limited)).toBe(51 - TOKENS);
});

test('a push of something else fills no bucket, and a limit that is taken away is gone', async () => {
  const pod = await tasks.mesh.podReady('limited');
  await tasks.mesh.apply({
    ...service('second'),
    spec: { selector: { app: 'limited' }, ports: [{ name: 'http', port: 90, targetPort: 9090 }] },
  });
  await tasks.mesh.until('the pod is known by a second port', async () => {
    const answer = await fetch(`http://${pod.status?.podIP}:9090/`).catch(() => undefined);
    return answer?.headers.get('x-weft-reason')?.startsWith('UF;') === true ? true : undefined;
  });
  expect((await ask(pod)).statusCode).toBe(429);
  const annotations = { [LOCAL_RATE_LIMIT]: null };
  await tasks.mesh.client.patch(Pod, 'default', 'limited', { metadata: { annotations } });
  await tasks.mesh.until('the limit is gone', async () =>
    (await ask(pod)).statusCode === 200 ? true : undefined,
  );
});

test('an annotation that says nothing sensible is refused by name', async () => {
  const wrong = limitedPod('wrong', { [LOCAL_RATE_LIMIT]: '{"maxTokens":"many"}' });
  await expect(tasks.mesh.apply(wrong)).rejects.toThrow(/traffic\.weft\.dev\/local-rate-limit.*maxTokens/);
});

test('a service that has become slow sheds what it has no room for, and takes it again once it is well', async () => {
  const pod = await tasks.mesh.podReady('adaptive');
  const calm = await tasks.load('-c', '2', '-n', '60', 'http://adaptive/');
  expect(calm.codes).toEqual({ 200: 60 });
  await behave(pod, { delay: 10 * USUAL_MS });
  const { codes } = await tasks.load('-c', '30', '-n', '300', 'http://adaptive/');
  expect(codes['503']).toBeGreaterThan(200);
  expect(codes['200']).toBeGreaterThanOrEqual(3);
  expect(codes['200']! + codes['503']!).toBe(300);
  const shed = { response_flags: 'UO', response_code: '503' };
  expect(await sidecarMetric(pod, 'istio_requests_total', shed)).toBe(codes['503']);
  await behave(pod, { delay: USUAL_MS });
  await tasks.mesh.until('eight at once find room', async () => {
    const { codes: now } = await tasks.load('-c', '8', '-n', '80', 'http://adaptive/');
    return now['200'] === 80 ? true : undefined;
  });
});

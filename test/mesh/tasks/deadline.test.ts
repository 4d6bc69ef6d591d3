import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { behave, ENDPOINT, seenBy } from '../../support/endpoint-program.ts';
import { programPod, service } from '../../support/programs.ts';
import { Tasks } from '../../support/tasks.ts';

/** first asks second, second asks third; the caller's patience is 50 ms for all of it. */
let tasks: Tasks;
let hops: Stored<Pod>[] = [];
const HOPS = ['first', 'second', 'third'];

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  await tasks.mesh.apply(
    ...HOPS.flatMap((app, i) => {
      const next = HOPS[i + 1];
      const env: Record<string, string> = next === undefined ? {} : { NEXT: `http://${next}/` };
      return [service(app), programPod({ name: app, app, program: ENDPOINT, env, ready: true })];
    }),
  );
  hops = await Promise.all(HOPS.map((name) => tasks.mesh.podReady(name)));
  await tasks.applyText(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: first }
spec:
  hosts: [first]
  http:
    - timeout: 50ms
      retries: { attempts: 0 }
      route: [{ destination: { host: first } }]
`);
  await tasks.load('-n', '20', 'http://first/');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());
beforeEach(() => Promise.all(hops.map((hop) => behave(hop, {}))));

const seen = (): Promise<number[]> => Promise.all(hops.map((hop) => seenBy(hop)));

test('the caller has its answer when the time is up, however long the last hop sleeps', async () => {
  await behave(hops[2]!, { delay: 1000 });
  const { codes, ms } = await tasks.load('-c', '1', '-n', '20', 'http://first/');
  expect(codes).toEqual({ 504: 20 });
  expect(ms.p50).toBeGreaterThan(45);
  expect(ms.p50).toBeLessThan(60);
});

test('what is asked too late does not reach the next hop', async () => {
  await behave(hops[1]!, { delay: 100 });
  const { codes } = await tasks.load('-c', '1', '-n', '20', 'http://first/');
  expect(codes).toEqual({ 504: 20 });
  await tasks.mesh.until('second is done with all', async () =>
    (await seen())[1] === 20 ? true : undefined,
  );
  await tasks.mesh.quiet(300);
  expect(await seen()).toEqual([20, 20, 0]);
});

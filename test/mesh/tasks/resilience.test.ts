import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { behave, ENDPOINT, seenBy } from '../../support/endpoint-program.ts';
import { processesOf } from '../../support/pod-processes.ts';
import { programDeployment, service } from '../../support/programs.ts';
import { type LoadReport, Tasks } from '../../support/tasks.ts';

/** Five endpoints of one service, of which some fail: what callers notice, and what the endpoints do. */
let tasks: Tasks;
let pods: Stored<Pod>[] = [];
const REPLICAS = 5;

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  await tasks.mesh.apply(
    service('web'),
    programDeployment({ name: 'web', app: 'web', program: ENDPOINT, ready: true, replicas: REPLICAS }),
  );
});
afterAll(() => tasks?.[Symbol.asyncDispose]());
beforeEach(async () => {
  pods = await tasks.mesh.podsReady('web', REPLICAS);
  await Promise.all(pods.map((pod) => behave(pod, {})));
});
afterEach(async () => {
  await Promise.all(pods.map((pod) => behave(pod, {}).catch(() => {})));
});

const rule = (trafficPolicy: object): Promise<void> =>
  tasks.applyText(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'web' },
      spec: { host: 'web', trafficPolicy },
    }),
  );
const route = (http: object): Promise<void> =>
  tasks.applyText(
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web' },
      spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }], ...http }] },
    }),
  );

/** Requests at a steady rate for a while. */
const steady = (rate: number, seconds: number, workers = 16): Promise<LoadReport> =>
  tasks.load(
    ...[
      '-c',
      String(workers),
      '-qps',
      String(rate),
      '-n',
      String(rate * seconds),
      '-by',
      '(.*)',
      'http://web/',
    ],
  );

async function seen(): Promise<number[]> {
  return Promise.all(pods.map((pod) => seenBy(pod)));
}

/** The first pod that has had its share of what is running. */
async function busy(): Promise<Stored<Pod> | undefined> {
  const counts = await seen();
  return pods.find((_, i) => counts[i]! >= 100);
}

async function restartsOf(pod: Stored<Pod>): Promise<number | undefined> {
  return (await tasks.mesh.pod(pod.metadata.name))?.status?.containerStatuses?.[0]?.restartCount;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0);

describe('an endpoint that dies', () => {
  test.each([
    ['its application', (command: string) => command.includes('node -e')],
    ['everything in its pod', (command: string) => !command.startsWith('conmon')],
  ])('with kill -9 of %s, callers notice nothing', async (_, struck) => {
    const running = steady(200, 6);
    const victim = await tasks.mesh.until('one of them is busy', busy);
    const restarts = (await restartsOf(victim))!;
    const doomed = processesOf(victim).filter(({ command }) => struck(command));
    for (const { pid } of doomed) process.kill(pid, 'SIGKILL');
    const { codes, errors } = await running;
    expect({ codes, errors }).toEqual({ codes: { 200: 1200 }, errors: {} });
    await tasks.mesh.until('it runs again', async () =>
      ((await restartsOf(victim)) ?? 0) > restarts ? true : undefined,
    );
  });
});

describe('when every endpoint fails', () => {
  test('retries stay inside the budget: at most a fifth more reaches the endpoints', async () => {
    await route({ retries: { attempts: 3, retryOn: '5xx' } });
    await Promise.all(pods.map((pod) => behave(pod, { status: 503, delay: 20 })));
    const { codes } = await tasks.load('-c', '30', '-n', '3000', 'http://web/');
    expect(codes).toEqual({ 503: 3000 });
    const reached = sum(await seen());
    expect(reached).toBeGreaterThan(3000);
    expect(reached).toBeLessThanOrEqual(3600);
  });
});

describe('an endpoint that answers 503', () => {
  test('is put aside, comes back with one request, and stays when that goes well', async () => {
    await rule({
      loadBalancer: { simple: 'ROUND_ROBIN' },
      outlierDetection: {
        consecutive5xxErrors: 5,
        interval: '1s',
        baseEjectionTime: '3s',
        maxEjectionPercent: 100,
      },
    });
    await route({ retries: { attempts: 0 } });
    const sick = pods[0]!;
    await behave(sick, { status: 503 });
    await tasks.mesh.until('it is put aside', async () => {
      const { codes } = await tasks.load('-c', '4', '-n', '100', 'http://web/');
      return codes['503'] === undefined ? true : undefined;
    });
    expect((await tasks.load('-c', '8', '-n', '1000', 'http://web/')).codes).toEqual({ 200: 1000 });

    await behave(sick, { status: 503 });
    const { codes } = await steady(100, 8);
    expect(await seenBy(sick)).toBe(codes['503']);
    expect(codes['503']).toBeLessThanOrEqual(2);

    await behave(sick, {});
    await tasks.mesh.until('it has its share again', async () => {
      await behave(sick, {});
      await tasks.load('-c', '4', '-n', '100', 'http://web/');
      return (await seenBy(sick)) >= 15 ? true : undefined;
    });
  });
});

describe('when no endpoint is there', () => {
  test('the caller is told within the connect timeout', async () => {
    const [first, second] = tasks.mesh.config.podCidr.split('.');
    await tasks.applyText(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: nowhere }
spec:
  hosts: [nowhere.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: ${first}.${second}.251.1 }, { address: ${first}.${second}.251.2 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: nowhere }
spec:
  host: nowhere.example
  trafficPolicy: { connectionPool: { tcp: { connectTimeout: 0.3s } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: nowhere }
spec:
  hosts: [nowhere.example]
  http:
    - retries: { attempts: 0 }
      route: [{ destination: { host: nowhere.example } }]
`);
    const { codes, ms } = await tasks.load('-c', '2', '-n', '10', 'http://nowhere.example/');
    expect(codes).toEqual({ 503: 10 });
    expect(ms.max).toBeLessThan(450);
  });
});

const ASK_BY_KEY = `
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const ask = (user) => new Promise((done, fail) => {
  http.get('http://web/', { agent, headers: { 'x-user': user } }, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('end', () => done([user, body]));
  }).on('error', fail);
});
const users = Array.from({ length: Number(process.argv[1]) }, (_, i) => 'user-' + i);
Promise.all(users.map(ask)).then((all) => console.log(JSON.stringify(Object.fromEntries(all))));
`;

describe('consistent hashing', () => {
  const USERS = 1000;
  const owners = async (): Promise<Record<string, string>> =>
    JSON.parse(await tasks.exec('fortio', 'fortio', ['node', '-e', ASK_BY_KEY, String(USERS)]));
  afterEach(() => tasks.scale('web', REPLICAS));

  test.each([
    ['a ring', { ringHash: { minimumRingSize: 4096 } }],
    ['maglev', { maglev: {} }],
  ])('with %s, each user stays where it is, and few move when an endpoint leaves', async (_, algorithm) => {
    await rule({ loadBalancer: { consistentHash: { httpHeaderName: 'x-user', ...algorithm } } });
    const before = await owners();
    expect(await owners()).toEqual(before);
    expect(new Set(Object.values(before)).size).toBe(REPLICAS);
    await tasks.scale('web', REPLICAS - 1);
    await tasks.mesh.podsReady('web', REPLICAS - 1);
    const after = await owners();
    const share = (users: readonly string[]): number => (100 * users.length) / USERS;
    const users = Object.keys(before);
    const left = users.filter((user) => !Object.values(after).includes(before[user]!));
    const moved = users.filter((user) => before[user] !== after[user]);
    expect(Math.abs(share(left) - 100 / REPLICAS)).toBeLessThan(5);
    expect(share(moved)).toBeLessThanOrEqual(share(left) + 2);
  });
});

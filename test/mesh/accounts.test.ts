import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { type Account, accountOf, metricsOf, samplesOf, since, sumOf } from '../support/accounts.ts';
import { behave, ENDPOINT, seenBy } from '../support/endpoint-program.ts';
import { processesOf } from '../support/pod-processes.ts';
import { programDeployment, service } from '../support/programs.ts';
import { type LoadReport, Tasks } from '../support/tasks.ts';

/** Every request is in the books of both sides, once: what callers sent, what sources say, what destinations say. */
let tasks: Tasks;
let shopper: Stored<Pod>;
let web: Stored<Pod>[] = [];
const REPLICAS = 3;
const HOST = 'web.default.svc.cluster.local';

beforeAll(async () => {
  tasks = await Tasks.start('httpbin/sample-client/fortio-deploy.yaml');
  await tasks.mesh.apply(
    service('web'),
    service('echo'),
    programDeployment({ name: 'web', app: 'web', program: ENDPOINT, ready: true, replicas: REPLICAS }),
    programDeployment({ name: 'echo', app: 'echo', program: ENDPOINT, ready: true, replicas: 1 }),
  );
  await tasks.mesh.podsReady('echo', 1);
  shopper = await tasks.podOf('fortio');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());
beforeEach(async () => {
  web = await tasks.mesh.podsReady('web', REPLICAS);
  await Promise.all(web.map((pod) => behave(pod, {})));
});
afterEach(async () => {
  await apply(rule({}), route({ retries: { attempts: 0 } }));
});

const rule = (trafficPolicy: object): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'web' },
  spec: { host: 'web', trafficPolicy },
});
const route = (http: object): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web' },
  spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }], ...http }] },
});
const apply = async (...objects: readonly object[]): Promise<void> => {
  for (const object of objects) await tasks.applyText(JSON.stringify(object));
};

interface Books {
  readonly source: Account;
  readonly destination: Account;
  readonly retries: number;
  readonly mirrored: number;
  readonly durations: number;
}

async function books(pods: readonly Pod[] = web): Promise<Books> {
  const page = await metricsOf(shopper);
  const wanted = { destination_service: HOST };
  return {
    source: await accountOf('source', [shopper], wanted),
    destination: await accountOf('destination', pods, { ...wanted, source_workload: 'fortio-deploy' }),
    retries: sumOf(samplesOf(page, 'weft_sidecar_retries_total'), wanted),
    mirrored: sumOf(samplesOf(page, 'weft_sidecar_mirrored_requests_started_total'), {}),
    durations: sumOf(samplesOf(page, 'istio_request_duration_milliseconds_count'), {
      ...wanted,
      reporter: 'source',
    }),
  };
}

/** What `work` added to the books. */
async function during(work: () => Promise<LoadReport>): Promise<Books & { readonly load: LoadReport }> {
  const before = await books();
  const load = await work();
  const after = await books();
  return {
    load,
    source: since(before.source, after.source),
    destination: since(before.destination, after.destination),
    retries: after.retries - before.retries,
    mirrored: after.mirrored - before.mirrored,
    durations: after.durations - before.durations,
  };
}

const send = (count: number, ...words: string[]): Promise<LoadReport> =>
  tasks.load('-c', '8', '-n', String(count), ...words, 'http://web/');

test('requests that go well are counted once on either side', async () => {
  const { load, source, destination, durations, retries } = await during(() => send(1000));
  expect(load.codes).toEqual({ 200: 1000 });
  expect(source).toEqual({ outcomes: { '200 -': 1000 }, total: 1000 });
  expect(destination).toEqual(source);
  expect({ durations, retries }).toEqual({ durations: 1000, retries: 0 });
});

test('a retried request is one at its source; each of its tries is one at a destination', async () => {
  await apply(route({ retries: { attempts: 2, retryOn: '5xx' } }));
  await behave(web[0]!, { status: 503 });
  const { source, destination, retries } = await during(() => send(1000, '-qps', '250'));
  expect(source.total).toBe(1000);
  expect(retries).toBeGreaterThan(0);
  expect(destination.total).toBe(1000 + retries);
});

test('a fault is counted at the source, and nothing of it arrives', async () => {
  await apply(
    route({ retries: { attempts: 0 }, fault: { abort: { httpStatus: 418, percentage: { value: 30 } } } }),
  );
  const { load, source, destination } = await during(() => send(1000));
  const aborted = load.codes['418'] ?? 0;
  expect(aborted).toBeGreaterThan(200);
  expect(source).toEqual({ outcomes: { '200 -': 1000 - aborted, '418 FI': aborted }, total: 1000 });
  expect(destination.total).toBe(1000 - aborted);
});

test('requests that an open breaker refuses are counted at the source alone', async () => {
  await apply(
    rule({
      connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } },
    }),
  );
  await Promise.all(web.map((pod) => behave(pod, { delay: 20 })));
  const { load, source, destination } = await during(() => send(300));
  const refused = load.codes['503'] ?? 0;
  expect(refused).toBeGreaterThan(0);
  expect(source).toEqual({ outcomes: { '200 -': 300 - refused, '503 UO': refused }, total: 300 });
  expect(destination.total).toBe(300 - refused);
});

test('an ejected endpoint changes where requests go, not how many there are', async () => {
  await apply(
    rule({
      loadBalancer: { simple: 'ROUND_ROBIN' },
      outlierDetection: {
        consecutive5xxErrors: 5,
        interval: '1s',
        baseEjectionTime: '30s',
        maxEjectionPercent: 100,
      },
    }),
  );
  await behave(web[0]!, { status: 503 });
  const { load, source, destination } = await during(() => send(1000));
  expect(load.codes['503']).toBeGreaterThan(0);
  expect(load.codes['503']).toBeLessThan(100);
  expect(source.total).toBe(1000);
  expect(destination).toEqual(source);
});

test('copies are counted apart', async () => {
  await apply(route({ retries: { attempts: 0 }, mirror: { host: 'echo' } }));
  const echo = await tasks.podOf('echo');
  await behave(echo, {});
  const { source, destination, mirrored } = await during(() => send(500));
  expect(source.total).toBe(500);
  expect(destination.total).toBe(500);
  expect(mirrored).toBe(500);
  await tasks.mesh.until('all copies have arrived', async () =>
    (await seenBy(echo)) === mirrored ? true : undefined,
  );
});

/** Sends 1,600 requests in eight seconds and strikes one endpoint when it has had its share. */
async function struck(kill: (command: string) => boolean): Promise<LoadReport> {
  const running = send(1600, '-qps', '200');
  const victim = await tasks.mesh.until('one of them is busy', async () => {
    const counts = await Promise.all(web.map(seenBy));
    return web.find((_, i) => counts[i]! >= 100);
  });
  for (const { pid, command } of processesOf(victim)) if (kill(command)) process.kill(pid, 'SIGKILL');
  return running;
}

describe('with kill -9 in the middle', () => {
  beforeEach(() => apply(route({ retries: { attempts: 2, retryOn: 'connect-failure,reset' } })));

  test('of an application, the books agree: its sidecar counts what broke', async () => {
    const { load, source, destination, retries } = await during(() =>
      struck((command) => command.includes('node -e')),
    );
    expect(load.errors).toEqual({});
    expect(source.total).toBe(1600);
    expect(destination.total).toBe(1600 + retries);
  });

  test('of a sidecar, no more is missing than what was in flight', async () => {
    const before = await books();
    const load = await struck((command) => command.includes('/opt/weft/sidecar'));
    const after = await books([]);
    const source = since(before.source, after.source);
    const tries = source.total + after.retries - before.retries;
    const arrived = await Promise.all(web.map((pod) => tasks.mesh.until('it answers', () => seenBy(pod))));
    const broken = tries - arrived.reduce((sum, count) => sum + count, 0);
    expect(source.total).toBe(1600);
    expect(broken).toBeGreaterThanOrEqual(0);
    expect(broken).toBeLessThanOrEqual(after.retries - before.retries + (1600 - (load.codes['200'] ?? 0)));
  });
});

import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { type Probe, Probe as ProbeSchema } from '#api/kinds/pod-spec.ts';
import type { Health } from '../pod/stage.ts';
import { ContainerProbes, type ProbeKind } from './container-probes.ts';
import { probeExec } from './exec-probe.ts';
import { probeHttp } from './http-probe.ts';
import { probePort } from './probe-port.ts';
import { count, startTally } from './tally.ts';
import { probeTcp } from './tcp-probe.ts';

function probe(more: Record<string, unknown> = {}): Probe {
  return ProbeSchema.parse({ exec: { command: ['x'] }, ...more });
}

test.each<[string, boolean, boolean[], boolean]>([
  ['one success is enough for one', false, [true], true],
  ['two are needed where two are asked for', false, [true, false, true], false],
  ['failures below the threshold do not count', true, [false, false], true],
  ['failures at the threshold do', true, [false, false, false], false],
  ['a success in between starts the count again', true, [false, false, true, false, false], true],
])('%s', (_, initially, outcomes, expected) => {
  const thresholds = { successThreshold: initially ? 1 : outcomes.length === 1 ? 1 : 2, failureThreshold: 3 };
  const tally = outcomes.reduce((sum, ok) => count(sum, ok, thresholds), startTally(initially));
  expect(tally.passing).toBe(expected);
});

/** A container with probes on a clock that is moved by hand; `answers` says what each probe finds. */
class Bench {
  readonly clock = new ManualClock();
  readonly seen: Health[] = [];
  readonly failures: string[] = [];
  readonly tries: number[] = [];
  answers: (kind: Probe) => boolean = () => true;
  readonly probes: ContainerProbes;

  constructor(
    container: { startupProbe?: Probe; readinessProbe?: Probe; livenessProbe?: Probe },
    more: { runningForMs?: number; inherited?: { started: boolean; ready: boolean } } = {},
  ) {
    this.probes = new ContainerProbes({
      container,
      runningForMs: more.runningForMs ?? 0,
      inherited: more.inherited,
      clock: this.clock,
      run: async (which) => {
        this.tries.push(this.clock.nowMs());
        return { ok: this.answers(which), message: 'no' };
      },
      onHealth: (health) => this.seen.push(health),
      onFailure: (kind: ProbeKind, message) => this.failures.push(`${kind}: ${message}`),
    });
    this.probes.start();
  }

  get health(): Health | undefined {
    return this.seen.at(-1);
  }

  async advance(ms: number, step = 10): Promise<void> {
    for (let left = ms; left >= 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('a container without probes is ready at once', () => {
  expect(new Bench({}).health).toEqual({ started: true, ready: true, dead: undefined });
});

test('readiness waits for its probe, and for the initial delay', async () => {
  const bench = new Bench({ readinessProbe: probe({ initialDelaySeconds: 5 }) });
  await bench.advance(4_900);
  expect(bench.health).toMatchObject({ ready: false });
  expect(bench.tries).toEqual([]);
  await bench.advance(200);
  expect(bench.health).toMatchObject({ ready: true });
});

test('a server that comes up a moment later is ready a moment later, not a period later', async () => {
  const bench = new Bench({ readinessProbe: probe({ periodSeconds: 10 }) });
  bench.answers = () => bench.clock.nowMs() >= 80;
  await bench.advance(1_000);
  expect(bench.health).toMatchObject({ ready: true });
  expect(bench.failures).toEqual([]);
});

test('readiness is lost after the threshold, and comes back', async () => {
  const bench = new Bench({ readinessProbe: probe({ periodSeconds: 1, failureThreshold: 2 }) });
  await bench.advance(100);
  bench.answers = () => false;
  await bench.advance(1_000);
  expect(bench.health).toMatchObject({ ready: true });
  await bench.advance(1_000);
  expect(bench.health).toMatchObject({ ready: false });
  expect(bench.failures).toEqual(['readiness: no', 'readiness: no']);
  bench.answers = () => true;
  await bench.advance(1_000);
  expect(bench.health).toMatchObject({ ready: true, dead: undefined });
});

test('liveness calls a container dead after the threshold', async () => {
  const bench = new Bench({ livenessProbe: probe({ periodSeconds: 1 }) });
  bench.answers = () => false;
  await bench.advance(1_900);
  expect(bench.health).toMatchObject({ ready: true, dead: undefined });
  await bench.advance(200);
  expect(bench.health?.dead).toContain('liveness');
});

test('readiness and liveness wait for startup', async () => {
  const startup = probe({ periodSeconds: 1, failureThreshold: 30 });
  const liveness = probe({ periodSeconds: 1, failureThreshold: 1 });
  const bench = new Bench({ startupProbe: startup, livenessProbe: liveness });
  bench.answers = () => false;
  await bench.advance(5_000);
  expect(bench.health).toMatchObject({ started: false, ready: false, dead: undefined });
  bench.answers = (which) => which === startup;
  await bench.advance(3_000);
  expect(bench.health).toMatchObject({ started: true });
  expect(bench.health?.dead).toContain('liveness');
});

test('a container that never starts up is dead', async () => {
  const bench = new Bench({ startupProbe: probe({ periodSeconds: 1, failureThreshold: 2 }) });
  bench.answers = () => false;
  await bench.advance(3_000);
  expect(bench.health?.dead).toContain('startup');
});

test('what an earlier node runtime found holds until a probe says otherwise', async () => {
  const bench = new Bench(
    { startupProbe: probe(), readinessProbe: probe({ periodSeconds: 1, failureThreshold: 1 }) },
    { inherited: { started: true, ready: true } },
  );
  expect(bench.health).toEqual({ started: true, ready: true, dead: undefined });
  bench.answers = () => false;
  await bench.advance(1_100);
  expect(bench.health).toMatchObject({ ready: false });
});

test('stopped probes say nothing more', async () => {
  const bench = new Bench({ livenessProbe: probe({ periodSeconds: 1, failureThreshold: 1 }) });
  bench.probes.stop();
  bench.answers = () => false;
  await bench.advance(3_000);
  expect(bench.tries).toEqual([]);
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const target = (port: number, path = '/') => ({
  scheme: 'http' as const,
  host: '127.0.0.1',
  port,
  path,
  headers: [],
  timeoutMs: 2_000,
  localAddress: undefined,
});

test.each([
  [200, true],
  [204, true],
  [301, true],
  [399, true],
  [400, false],
  [503, false],
])('status %i passes: %s', async (status, ok) => {
  const port = await serve((_, response) => response.writeHead(status).end('why'));
  expect((await probeHttp(target(port))).ok).toBe(ok);
});

test('a failure shows the answer, in part', async () => {
  const port = await serve((_, response) => response.writeHead(500).end('x'.repeat(100_000)));
  const { message } = await probeHttp(target(port));
  expect(message).toMatch(/^HTTP probe failed with statuscode: 500: x+$/);
  expect(message.length).toBeLessThan(300);
});

test('comes from the address that is asked for, with the headers that are given', async () => {
  const port = await serve((request, response) => {
    const fine = request.socket.remoteAddress === '127.0.0.77' && request.headers['host'] === 'web.test';
    response.writeHead(fine && request.headers['x-a'] === '1' ? 200 : 500).end();
  });
  const headers = [
    { name: 'Host', value: 'web.test' },
    { name: 'X-A', value: '1' },
  ];
  expect((await probeHttp({ ...target(port), headers, localAddress: '127.0.0.77' })).ok).toBe(true);
});

test('follows redirects on the same host, and takes others as success', async () => {
  const port = await serve((request, response) => {
    const to: Record<string, string> = { '/a': '/b', '/loop': '/loop', '/away': 'http://elsewhere.test/' };
    const location = to[request.url ?? ''];
    if (location === undefined) response.writeHead(request.url === '/b' ? 500 : 200).end();
    else response.writeHead(302, { location }).end();
  });
  expect(await probeHttp(target(port, '/a'))).toMatchObject({ ok: false });
  expect(await probeHttp(target(port, '/away'))).toMatchObject({ ok: true });
  expect(await probeHttp(target(port, '/loop'))).toMatchObject({
    ok: false,
    message: 'stopped after 10 redirects',
  });
});

test('a server that does not answer in time fails', async () => {
  const port = await serve(() => {});
  expect(await probeHttp({ ...target(port), timeoutMs: 50 })).toEqual({
    ok: false,
    message: 'no answer within 50 ms',
  });
});

test('a port that nobody listens on fails', async () => {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tcp = { host: '127.0.0.1', port, timeoutMs: 2_000, localAddress: undefined };
  expect((await probeTcp(tcp)).ok).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect((await probeTcp(tcp)).message).toContain('ECONNREFUSED');
  expect((await probeHttp(target(port))).message).toContain('ECONNREFUSED');
});

test.each([
  [0, true, ''],
  [1, false, 'command exited with 1: oh'],
  [124, false, 'command timed out after 1000 ms'],
])('a command that ends with %i', async (code, ok, message) => {
  const containers = {
    exec: async (_id: string, _argv: readonly string[], options: { stdout?: NodeJS.WritableStream }) => {
      options.stdout?.write(Buffer.from('oh\n'));
      return code;
    },
  };
  const options = { uid: 0, gid: 0, env: {}, timeoutMs: 1_000 };
  expect(await probeExec(containers, 'id', ['x'], options)).toEqual({ ok, message });
});

test('ports are named as the container names them', () => {
  const container = { ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' as const }] };
  expect(probePort('web', container)).toBe(8080);
  expect(probePort('81', container)).toBe(81);
  expect(probePort(82, container)).toBe(82);
  expect(() => probePort('none', container)).toThrowError('no port of the container is named "none"');
});

/** The bundle is not the source: its descriptors are slimmer. Here it runs as pods run it, as a process of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import { TestAdsServer } from './discovery/test-ads-server.ts';
import {
  allTo,
  assignment,
  cluster,
  httpListener,
  httpManager,
  listener,
  routes,
  socketAddress,
} from './discovery/test-resources.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-bundle-'));
const server = new TestAdsServer();
let bundle: string;
let config: SidecarConfig;
let child: ChildProcess;
const log: { message: string; level: string }[] = [];

/** Bundles as the node runtime does, and returns the bundle's path. */
async function bundled(): Promise<string> {
  const script = join(import.meta.dirname, '../scripts/bundle-sidecar.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, directory]);
  return stdout.trim();
}

beforeAll(async () => {
  bundle = await bundled();
  const [outbound, inbound, admin, metrics, readiness, ownMetrics] = await freePorts(6);
  config = SidecarConfig.parse({
    pod: 'web-1',
    namespace: 'shop',
    podIp: '127.0.0.1',
    workload: 'web',
    discoveryAddress: `127.0.0.1:${await server.start()}`,
    ports: { outbound, inbound, admin, metrics, readiness, ownMetrics },
  });
  const path = join(directory, 'sidecar.json');
  writeFileSync(path, JSON.stringify(config));
  child = spawn(process.execPath, [bundle, path], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  const started = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      log.push(JSON.parse(line));
      if (log.at(-1)?.message === 'started') resolve();
    });
  });
  await started;
});

afterAll(() => {
  child.kill('SIGKILL');
  server.stop();
  rmSync(directory, { recursive: true });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0));
  await Promise.all(servers.map((each) => once(each, 'listening')));
  const ports = servers.map((each) => (each.address() as { port: number }).port);
  await Promise.all(servers.map((each) => once(each.close(), 'close')));
  return ports;
}

const page = (port: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);

test('is written once per content', async () => {
  expect(await bundled()).toBe(bundle);
  expect(readdirSync(directory).filter((file) => file.startsWith('sidecar-'))).toHaveLength(1);
});

test('has compiled code that V8 takes with the flags of every pod', async () => {
  const program = `
    const { readFileSync } = require('node:fs');
    const read = (name, encoding) => readFileSync(${JSON.stringify(dirname(bundle))} + '/' + name, encoding);
    const { Script } = require('node:vm');
    const script = new Script(read('sidecar.js', 'latin1'), { cachedData: read('sidecar.cache') });
    process.exitCode = script.cachedDataRejected === false ? 0 : 1;`;
  for (const heapMb of [48, 128, 1024]) {
    const flags = [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=1', '--v8-pool-size=1'];
    await promisify(execFile)(process.execPath, [...flags, '-e', program]);
  }
});

test('starts without the compiled code', async () => {
  const copy = join(directory, 'without');
  cpSync(dirname(bundle), copy, { recursive: true });
  rmSync(join(copy, 'sidecar.cache'));
  const started = promisify(execFile)(process.execPath, [join(copy, 'main.cjs')]);
  await expect(started).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('usage') });
});

test('becomes ready with its configuration, and shows it as it came', async () => {
  await server.subscription(LISTENER_TYPE, '*');
  expect((await page(config.ports.readiness, '/healthz/ready')).status).toBe(503);
  server.send(CLUSTER_TYPE, [cluster('a')]);
  await server.subscription(ENDPOINT_TYPE, 'a');
  server.send(ENDPOINT_TYPE, [assignment('a', ['10.0.0.1:80'])]);
  server.send(LISTENER_TYPE, [httpListener(80)]);
  await server.subscription(ROUTE_TYPE, '80');
  await server.answerTo(server.send(ROUTE_TYPE, [routes('80', [allTo('a')])]));
  expect((await page(config.ports.readiness, '/healthz/ready')).status).toBe(200);
  const dump = (await (await page(config.ports.admin, '/config_dump')).json()) as { configs: unknown[] };
  expect(dump.configs[1]).toMatchObject({
    dynamic_listeners: [
      { active_state: { listener: { name: '0.0.0.0_80', filter_chains: [{ filters: [{}] }] } } },
    ],
  });
  expect(await (await page(config.ports.metrics, '/metrics')).text()).toContain('weft_sidecar_ready 1');
});

test.each([
  ['a message left empty', 'cors', { ...allTo('a'), name: 'b', domains: ['b'], cors: {} }],
  [
    'a message of a file that is left out',
    'rate_limits',
    {
      ...allTo('a'),
      name: 'b',
      domains: ['b'],
      rate_limits: [{ actions: [{ remote_address: {} }] }],
    },
  ],
])('refuses by name %s', async (_name, field, host) => {
  const answer = await server.answerTo(server.send(ROUTE_TYPE, [routes('80', [allTo('a'), host], '2')]));
  expect(answer.errorDetail?.message).toBe(`80: virtual_hosts[1].${field}: not supported`);
});

test('refuses by name what its slim descriptors know as bytes', async () => {
  const fields = {
    rds: { config_source: { ads: {} }, route_config_name: '81' },
    scheme_header_transformation: { scheme_to_overwrite: 'https' },
    internal_address_config: { unix_sockets: true },
    local_reply_config: { mappers: [] },
  };
  const chains = [{ filters: [httpManager(fields)] }];
  const address = socketAddress('0.0.0.0', 81);
  const answer = await server.answerTo(
    server.send(LISTENER_TYPE, [listener('0.0.0.0_81', { address, filter_chains: chains })]),
  );
  expect(answer.errorDetail?.message.split('\n').slice(0, 3)).toEqual(
    ['scheme_header_transformation', 'internal_address_config', 'local_reply_config'].map(
      (field) => `0.0.0.0_81: filter_chains[0].filters[0].${field}: not supported`,
    ),
  );
});

test('drains and exits with 0 on SIGTERM', async () => {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(log.map(({ message }) => message)).toContain('drained');
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});

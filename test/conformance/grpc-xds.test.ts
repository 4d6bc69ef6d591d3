/**
 * A real client of the protocol, gRPC's own for Node, finds a service through the control plane, calls two real
 * servers behind it, and follows what changes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { Client, credentials, type Server, status } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { DestinationRule } from '#api/kinds/destination-rule.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Pod } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import { type PushServer, startPush } from '#control-plane/push/push.ts';
import { MemoryClient } from '../support/memory-client.ts';
import {
  ECHO_SERVICE,
  echoPod,
  echoSlice,
  PORT,
  SUBSETS,
  split,
  startBackend,
  type Version,
  WHO,
} from './echo-mesh.ts';

const directory = mkdtempSync('/tmp/weft-grpc-xds-');
const api = new MemoryClient();
const backends: Server[] = [];
const callers: Client[] = [];
let push: PushServer;
let backendPort: number;

beforeAll(async () => {
  const v1 = await startBackend('v1', 0);
  backendPort = v1.port;
  const v2 = await startBackend('v2', backendPort);
  backends.push(v1.server, v2.server);
  await api.create(Service, ECHO_SERVICE);
  await api.create(Pod, echoPod('v1'));
  await api.create(Pod, echoPod('v2'));
  await api.create(EndpointSlice, echoSlice(backendPort, ['v1', 'v2']));
  const xdsPort = await freePort();
  const config = { dataDir: directory, runDir: directory, clusterDomain: 'cluster.local', xdsPort };
  const random = seededRandom(1);
  push = await startPush({ client: api, config, clock: systemClock, random, logger: silentLogger });
  const server = { server_uri: `127.0.0.1:${xdsPort}`, channel_creds: [{ type: 'insecure' }] };
  process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
    xds_servers: [{ ...server, server_features: ['xds_v3'] }],
    node: { id: 'grpc-caller', locality: {} },
  });
  register();
});

afterEach(() => {
  for (const caller of callers.splice(0)) caller.close();
});

afterAll(async () => {
  for (const server of backends) server.forceShutdown();
  await push.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a call finds the service by its name, and calls are balanced over both endpoints', async () => {
  const client = caller();
  await until(async () => (await tally(client, 20)).v1 === 10);
  expect(await tally(client, 20)).toEqual({ v1: 10, v2: 10 });
});

test('a target may be a short name', async () => {
  expect(['v1', 'v2']).toContain(await who(caller(`echo:${PORT}`)));
});

test('a call to a service that does not exist yet is answered when it comes', async () => {
  const late = who(caller(`late:${PORT}`));
  await subscribed('grpc-caller');
  await api.create(EndpointSlice, echoSlice(backendPort, ['v2'], 'late'));
  await api.create(Service, { ...ECHO_SERVICE, metadata: { name: 'late', namespace: 'default' } });
  expect(await late).toBe('v2');
});

test('an endpoint that leaves gets no more calls, and one that returns gets its share', async () => {
  const client = caller();
  await until(async () => (await tally(client, 4)).v2 > 0);
  await live(await serveOnly('v1'));
  await until(async () => (await tally(client, 10)).v1 === 10);
  await live(await serveOnly('v1', 'v2'));
  await until(async () => (await tally(client, 10)).v2 === 5);
});

test('a weighted split by subsets is followed, and so is its end', async () => {
  const client = caller();
  await who(client);
  await api.create(DestinationRule, SUBSETS);
  await live((await api.create(VirtualService, split({ v1: 90, v2: 10 }))).metadata.resourceVersion);
  await until(async () => (await tally(client, 50)).v2 < 15);
  const { v2 } = await tally(client, 1000);
  expect(v2).toBeGreaterThan(50);
  expect(v2).toBeLessThan(160);
  await api.delete(VirtualService, 'default', 'echo');
  await until(async () => (await tally(client, 20)).v2 === 10);
  expect(refusals()).toEqual([]);
});

test('the deadline of a route ends a call that takes longer', async () => {
  const client = caller();
  await who(client);
  const rule = split({ v1: 100, v2: 0 }, { timeout: '50ms', match: [{ uri: { prefix: '/test.Echo' } }] });
  await live((await api.create(VirtualService, rule)).metadata.resourceVersion);
  await until(async () => (await tally(client, 10)).v1 === 10);
  expect(await outcome(client, 'slow')).toBe(status.DEADLINE_EXCEEDED);
  await api.delete(VirtualService, 'default', 'echo');
  expect(refusals()).toEqual([]);
});

test('a route to a subset that is not defined yet says so, and works when it is', async () => {
  const client = caller();
  await who(client);
  await api.delete(DestinationRule, 'default', 'echo');
  const rule = await api.create(VirtualService, split({ v1: 0, v2: 100 }));
  await reconciled('False', 'UnknownSubset');
  await api.create(DestinationRule, SUBSETS);
  await reconciled('True', 'Reconciled');
  await live(rule.metadata.resourceVersion);
  await until(async () => (await tally(client, 10)).v2 === 10);
  expect(refusals()).toEqual([]);
});

function caller(target = `echo.default.svc.cluster.local:${PORT}`): Client {
  const client = new Client(`xds:///${target}`, credentials.createInsecure());
  callers.push(client);
  return client;
}

/** The version of the server that answered. */
function who(client: Client, request = 'who'): Promise<Version> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 10_000;
    client.makeUnaryRequest(
      WHO.path,
      WHO.requestSerialize,
      WHO.responseDeserialize,
      request,
      { deadline },
      (error, answer) => (error === null ? resolve(answer as Version) : reject(error)),
    );
  });
}

function outcome(client: Client, request = 'who'): Promise<status> {
  return who(client, request).then(
    () => status.OK,
    (error: { code: status }) => error.code,
  );
}

async function tally(client: Client, calls: number): Promise<Record<Version, number>> {
  const counts = { v1: 0, v2: 0 };
  for (let i = 0; i < calls; i += 1) counts[await who(client)] += 1;
  return counts;
}

/** The client acknowledges what it has read and acts on it a moment later: asks until it is so. */
async function until(predicate: () => Promise<boolean>): Promise<void> {
  while (!(await predicate())) await new Promise((resolve) => setImmediate(resolve));
}

async function serveOnly(...versions: Version[]): Promise<string> {
  const current = await api.get(EndpointSlice, 'default', 'echo-1');
  const next = { ...echoSlice(backendPort, versions), metadata: current!.metadata };
  return (await api.update(EndpointSlice, next)).metadata.resourceVersion;
}

/** Resolves when the condition on the VirtualService says this. */
async function reconciled(status: string, reason: string): Promise<void> {
  const stop = new AbortController();
  const watch = { resourceVersion: '0', signal: stop.signal };
  for await (const event of api.watch(VirtualService, watch)) {
    if (event.type === 'BOOKMARK' || event.type === 'DELETED') continue;
    const current = await api.get(VirtualService, 'default', 'echo');
    if (current?.status?.conditions?.some((c) => c.status === status && c.reason === reason)) break;
  }
  stop.abort();
}

/** Resolves when the client has asked for a listener. */
async function subscribed(proxy: string): Promise<void> {
  await until(async () =>
    push.ledger.proxies().some((p) => p.proxy === proxy && p.types.LDS.sent !== undefined),
  );
}

async function live(revision: string): Promise<void> {
  expect(await push.ledger.waitFor(revision, 10_000)).toEqual({ live: true, pending: [], refused: [] });
}

function refusals(): string[] {
  return push.ledger
    .proxies()
    .flatMap(({ types }) => Object.values(types).flatMap(({ lastNack }) => lastNack ?? []));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { EndpointSlice } from '#api/kinds/endpoint-slice.ts';
import { Event } from '#api/kinds/event.ts';
import { Service } from '#api/kinds/service.ts';
import { VirtualService } from '#api/kinds/virtual-service.ts';
import type { ResourceType } from '#api/xds/resource-types.ts';
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  ROUTE_TYPE,
  SHORT_NAMES,
} from '#api/xds/resource-types.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { PushFixture, rule, service, slice } from './testing/push-fixture.ts';

const LIVE = { live: true, pending: [], refused: [] };
const WAIT_MS = 5_000;

let mesh: PushFixture<MemoryClient>;

beforeEach(async () => {
  mesh = new PushFixture(new MemoryClient());
  await mesh.client.create(Service, service('web', '10.96.0.1'));
  await mesh.client.create(EndpointSlice, slice('web', '10.244.0.2'));
});

afterEach(() => mesh.dispose());

function types(responses: readonly { typeUrl: string }[]): string[] {
  return responses.map(({ typeUrl }) => SHORT_NAMES[typeUrl as ResourceType]);
}

async function addEndpoint(address: string): Promise<string> {
  const current = await mesh.client.get(EndpointSlice, 'default', 'web-1');
  const next = { ...slice('web', '10.244.0.2', address), metadata: current!.metadata };
  return (await mesh.client.update(EndpointSlice, next)).metadata.resourceVersion;
}

async function route(name: string, to: string): Promise<string> {
  return (await mesh.client.create(VirtualService, rule(name, to))).metadata.resourceVersion;
}

describe('a connected sidecar', () => {
  beforeEach(() => mesh.start());

  test('gets the whole mesh', async () => {
    const proxy = await mesh.connectSidecar();
    expect(proxy.namesOf(LISTENER_TYPE)).toEqual(['0.0.0.0_80', 'virtualInbound', 'virtualOutbound']);
    expect(proxy.namesOf(ENDPOINT_TYPE)).toEqual(['outbound|80||web.default.svc.cluster.local']);
  });

  test('is told of an endpoint change and of nothing else', async () => {
    const proxy = await mesh.connectSidecar();
    const before = proxy.responses.length;
    expect(await mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), WAIT_MS)).toEqual(LIVE);
    expect(types(proxy.responses.slice(before))).toEqual(['EDS']);
  });

  test('hears of a new service before anything that names it', async () => {
    const proxy = await mesh.connectSidecar();
    const before = proxy.responses.length;
    await mesh.client.create(Service, service('api', '10.96.0.2'));
    await proxy.until(() => proxy.namesOf(CLUSTER_TYPE).some((name) => name.includes('api.')));
    proxy.subscribe(ENDPOINT_TYPE, ['outbound|80||api.default.svc.cluster.local']);
    await proxy.until(() => types(proxy.responses.slice(before)).includes('RDS'));
    expect(types(proxy.responses.slice(before))).toEqual(['CDS', 'EDS', 'RDS']);
  });

  test('loses a removed service last', async () => {
    const proxy = await mesh.connectSidecar();
    const before = proxy.responses.length;
    await mesh.client.delete(Service, 'default', 'web');
    await proxy.until(() => !proxy.namesOf(CLUSTER_TYPE).some((name) => name.startsWith('outbound|')));
    expect(types(proxy.responses.slice(before))[0]).toBe('LDS');
  });
});

describe('the ledger', () => {
  beforeEach(() => mesh.start());

  test('says that a change is live when every proxy has acknowledged it', async () => {
    await Promise.all([mesh.connectSidecar('web-1'), mesh.connectSidecar('web-2')]);
    expect(await mesh.server.ledger.waitFor(await route('web', 'web'), WAIT_MS)).toEqual(LIVE);
    for (const { types: byType } of mesh.server.ledger.proxies()) {
      expect(byType.RDS).toMatchObject({ lag: 0, refused: [], lastNack: undefined });
    }
  });

  test('says it at once when nobody is connected', async () => {
    expect(await mesh.server.ledger.waitFor(await route('web', 'web'), WAIT_MS)).toEqual(LIVE);
  });

  test('counts a proxy at once that a change does not touch', async () => {
    const proxy = await mesh.connectSidecar();
    proxy.answer = () => false;
    const other = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'default' },
    } as const;
    const { metadata } = await mesh.client.create(ConfigMap, { ...other, data: {} } as ConfigMap);
    expect(await mesh.server.ledger.waitFor(metadata.resourceVersion, WAIT_MS)).toEqual(LIVE);
  });

  test('sees a deletion through', async () => {
    await mesh.connectSidecar();
    await route('web', 'web');
    await mesh.client.delete(VirtualService, 'default', 'web');
    const { resourceVersion } = await mesh.client.list(VirtualService);
    expect(await mesh.server.ledger.waitFor(resourceVersion, WAIT_MS)).toEqual(LIVE);
    const [status] = mesh.server.ledger.proxies();
    expect(status!.types.RDS.lag).toBe(0);
  });

  test('names who has not answered when the time is over', async () => {
    await mesh.connectSidecar('web-1');
    const slow = await mesh.connectSidecar('web-2');
    slow.answer = () => false;
    const result = await mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), 100);
    expect(result.live).toBe(false);
    expect(result.refused).toEqual([]);
    expect(result.pending).toEqual([
      { proxy: 'web-2.default', reason: expect.stringMatching(/^EDS \d+ was sent and is not acknowledged$/) },
    ]);
  });

  test('does not wait longer for a proxy that goes away', async () => {
    const slow = await mesh.connectSidecar('web-2');
    slow.answer = () => false;
    const waiting = mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), WAIT_MS);
    await slow.until(() =>
      slow.responses.some(({ nonce, typeUrl }) => typeUrl === ENDPOINT_TYPE && nonce !== ''),
    );
    slow.close();
    expect(await waiting).toEqual(LIVE);
  });

  test('counts only the newest stream of a sidecar', async () => {
    const dead = await mesh.connectSidecar('web-1');
    dead.answer = () => false;
    await mesh.connectSidecar('web-1');
    expect(await mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), WAIT_MS)).toEqual(LIVE);
    expect(mesh.server.ledger.proxies()).toHaveLength(1);
  });

  test('names who refused, and why, without waiting for the time to be over', async () => {
    const proxy = await mesh.connectSidecar();
    proxy.answer = ({ typeUrl }) => (typeUrl === ROUTE_TYPE ? 'routes[0]: no' : undefined);
    expect(await mesh.server.ledger.waitFor(await route('web', 'web'), WAIT_MS)).toEqual({
      live: false,
      pending: [],
      refused: [{ proxy: 'web-1.default', type: 'RDS', reason: 'routes[0]: no' }],
    });
    expect(mesh.server.ledger.proxies()[0]!.types.RDS).toMatchObject({
      refused: ['80'],
      lastNack: 'routes[0]: no',
    });
  });

  test('does not blame a later change for an earlier refusal', async () => {
    const proxy = await mesh.connectSidecar();
    proxy.answer = ({ typeUrl }) => (typeUrl === ROUTE_TYPE ? 'no' : undefined);
    await mesh.server.ledger.waitFor(await route('web', 'web'), WAIT_MS);
    proxy.answer = () => undefined;
    expect(await mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), WAIT_MS)).toEqual(LIVE);
  });

  test('counts pushes, refusals and proxies', async () => {
    const proxy = await mesh.connectSidecar();
    proxy.answer = ({ typeUrl }) => (typeUrl === ROUTE_TYPE ? 'no' : undefined);
    await mesh.server.ledger.waitFor(await route('web', 'web'), WAIT_MS);
    const text = await mesh.server.registry.metrics();
    expect(text).toMatch(/^pilot_xds\{version="unknown"\} 1$/m);
    expect(text).toMatch(/^pilot_total_xds_rejects\{type="rds"\} 1$/m);
    expect(text).toMatch(/^pilot_xds_pushes\{type="cds"\} [1-9]/m);
  });
});

describe('the status of a rule', () => {
  beforeEach(() => mesh.start());

  async function condition(name: string, reason: string): Promise<unknown> {
    const stop = new AbortController();
    const watch = { resourceVersion: '0', signal: stop.signal };
    for await (const event of mesh.client.watch(VirtualService, watch)) {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== name) continue;
      const found = event.object.status?.conditions?.find((each) => each.reason === reason);
      if (found === undefined) continue;
      stop.abort();
      return found;
    }
    throw new Error('the watch ended');
  }

  test('says that it is in effect', async () => {
    await route('web', 'web');
    expect(await condition('web', 'Reconciled')).toMatchObject({
      type: 'Reconciled',
      status: 'True',
      observedGeneration: 1,
    });
  });

  test('says which destination is not there, and that it came', async () => {
    await route('web', 'nobody');
    expect(await condition('web', 'UnknownHost')).toMatchObject({
      status: 'False',
      message: 'spec.http[0].route[0].destination: no service is named nobody.default.svc.cluster.local',
    });
    await mesh.client.create(Service, service('nobody', '10.96.0.9'));
    expect(await condition('web', 'Reconciled')).toMatchObject({ status: 'True', message: '' });
  });

  test('says which proxy refuses it, and that it was mended', async () => {
    const proxy = await mesh.connectSidecar();
    const reason = '80: virtual_hosts[0].routes[0].match: no';
    proxy.answer = ({ typeUrl }) => (typeUrl === ROUTE_TYPE ? reason : undefined);
    await route('web', 'web');
    expect(await condition('web', 'RefusedByProxy')).toMatchObject({
      type: 'ProxiesAccept',
      status: 'False',
      message: `web-1.default: ${reason}`,
      observedGeneration: 1,
    });
    expect(await condition('web', 'Reconciled')).toMatchObject({ status: 'True' });
    const events = async () =>
      (await mesh.client.list(Event)).items.map(({ involvedObject, reason: is, message }) => [
        involvedObject.kind,
        is,
        message,
      ]);
    await expect.poll(events).toEqual([['VirtualService', 'RefusedByProxy', `web-1.default: ${reason}`]]);
    proxy.answer = () => undefined;
    const current = await mesh.client.get(VirtualService, 'default', 'web');
    const spec = { hosts: ['web'], http: [{ route: [{ destination: { host: 'web' } }], timeout: '1s' }] };
    await mesh.client.update(VirtualService, { ...current!, spec });
    expect(await condition('web', 'Accepted')).toMatchObject({ type: 'ProxiesAccept', status: 'True' });
  });

  test('stays as it is when the control plane stops', async () => {
    const proxy = await mesh.connectSidecar();
    proxy.answer = ({ typeUrl }) => (typeUrl === ROUTE_TYPE ? 'no' : undefined);
    await route('web', 'web');
    await condition('web', 'RefusedByProxy');
    await mesh.stop();
    expect(await condition('web', 'RefusedByProxy')).toMatchObject({ status: 'False' });
  });

  test('is written once', async () => {
    await route('web', 'web');
    await condition('web', 'Reconciled');
    await mesh.stop();
    const before = (await mesh.client.get(VirtualService, 'default', 'web'))!.metadata.resourceVersion;
    await mesh.start();
    await mesh.stop();
    expect((await mesh.client.get(VirtualService, 'default', 'web'))!.metadata.resourceVersion).toBe(before);
  });
});

describe('starting', () => {
  test('nobody is served before the whole mesh was read', async () => {
    let release = false;
    mesh.client.sabotage = (verb, kind) =>
      verb === 'list' && kind === EndpointSlice && !release ? new Error('not yet') : undefined;
    const starting = mesh.start();
    const proxy = mesh.connect();
    await proxy.until(() => proxy.closed);
    expect(existsSync(mesh.socketPath)).toBe(false);
    release = true;
    await starting;
    expect((await mesh.connectSidecar()).namesOf(ENDPOINT_TYPE)).toHaveLength(1);
  });

  test('a sidecar that returns after a restart is sent nothing that it has', async () => {
    await mesh.start();
    const before = await mesh.connectSidecar();
    await mesh.stop();
    await before.until(() => before.closed);
    await mesh.start();
    const after = mesh.connect();
    for (const type of [CLUSTER_TYPE, LISTENER_TYPE] as const) {
      after.subscribe(type, ['*'], Object.fromEntries(before.held.get(type)!));
    }
    after.subscribe(ROUTE_TYPE, ['80'], Object.fromEntries(before.held.get(ROUTE_TYPE)!));
    await after.until(() => after.held.has(LISTENER_TYPE));
    expect(
      after.responses.flatMap(({ resources, removedResources }) => [...resources, ...removedResources]),
    ).toEqual([]);
    expect(await mesh.server.ledger.waitFor(await addEndpoint('10.244.0.3'), WAIT_MS)).toEqual(LIVE);
  });

  test('a socket that a killed control plane left is replaced, and everybody may connect', async () => {
    mkdirSync(dirname(mesh.socketPath), { recursive: true });
    writeFileSync(mesh.socketPath, '');
    await mesh.start();
    expect(statSync(mesh.socketPath).mode & 0o777).toBe(0o666);
    expect(statSync(dirname(mesh.socketPath)).mode & 0o777).toBe(0o755);
    await mesh.connectSidecar();
  });

  test('a second control plane is refused, and the first keeps its socket', async () => {
    await mesh.start();
    const first = mesh.server;
    await expect(mesh.start()).rejects.toMatchObject({ code: 'XdsAddressInUse' });
    await mesh.connectSidecar();
    expect(first.ledger.proxies()).toHaveLength(1);
  });
});

describe('a stream is refused', () => {
  beforeEach(() => mesh.start());

  test.each([
    ['without a node id', '', ['a']],
    ['with a node id that is a document', 'x'.repeat(2_000), ['a']],
    ['with a name that is too long', 'client', ['x'.repeat(3_000)]],
    ['with too many names', 'client', Array.from({ length: 50_001 }, (_, i) => String(i))],
  ])('%s', async (_name, node, names) => {
    const proxy = mesh.connect(node);
    proxy.subscribe(ENDPOINT_TYPE, names);
    await proxy.until(() => proxy.closed);
    expect(proxy.responses).toEqual([]);
  });

  test('but not for a type that is not served', async () => {
    const proxy = mesh.connect();
    proxy.subscribe('type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret' as ResourceType, [
      'a',
    ]);
    proxy.subscribe(CLUSTER_TYPE);
    await proxy.until(() => proxy.held.has(CLUSTER_TYPE));
  });
});

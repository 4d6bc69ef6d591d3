/** Settings of the mesh on their way from the ConfigMap to the proxies. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { Event } from '#api/kinds/event.ts';
import { Pod, PodSchema } from '#api/kinds/pod.ts';
import { Service } from '#api/kinds/service.ts';
import { Telemetry } from '#api/kinds/telemetry.ts';
import { LISTENER_TYPE } from '#api/xds/resource-types.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { PushFixture, service } from './testing/push-fixture.ts';

const POD = PodSchema.parse({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'default' },
  spec: { containers: [{ name: 'app', image: 'app' }] },
});
const LIVE = { live: true, pending: [], refused: [] };
const WAIT_MS = 5_000;

let mesh: PushFixture<MemoryClient>;

beforeEach(async () => {
  mesh = new PushFixture(new MemoryClient());
  await mesh.client.create(Service, service('web', '10.96.0.1'));
  await mesh.client.create(Pod, POD);
});

afterEach(() => mesh.dispose());

async function set(text: string, name = 'istio', namespace = 'istio-system'): Promise<string> {
  const known = await mesh.client.get(ConfigMap, namespace, name);
  const map: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: known?.metadata ?? { name, namespace },
    data: { mesh: text },
  };
  const { metadata } =
    known === undefined ? await mesh.client.create(ConfigMap, map) : await mesh.client.update(ConfigMap, map);
  return metadata.resourceVersion;
}

const inForce = () => mesh.server.ledger;
const LOGS = 'accessLogFile: /dev/stdout';

test('what is set reaches every listener, and goes with the ConfigMap', async () => {
  await mesh.start();
  const proxy = await mesh.connectSidecar();
  const before = proxy.responses.length;
  expect(await inForce().waitFor(await set(LOGS), WAIT_MS)).toEqual(LIVE);
  const told = proxy.responses.slice(before);
  expect(told.map(({ typeUrl }) => typeUrl)).toEqual([LISTENER_TYPE]);
  expect(told[0]?.resources.map(({ name }) => name).sort()).toEqual([
    '0.0.0.0_80',
    'virtualInbound',
    'virtualOutbound',
  ]);
  await mesh.client.delete(ConfigMap, 'istio-system', 'istio');
  await proxy.until(() => proxy.responses.length === before + 2);
});

test("other ConfigMaps are nobody's business", async () => {
  await mesh.start();
  const proxy = await mesh.connectSidecar();
  const before = proxy.responses.length;
  await set(LOGS, 'istio', 'default');
  expect(await inForce().waitFor(await set(LOGS, 'other'), WAIT_MS)).toEqual(LIVE);
  expect(proxy.responses.length).toBe(before);
});

test('what cannot be read changes nothing, and is an Event', async () => {
  await mesh.start();
  const proxy = await mesh.connectSidecar();
  await inForce().waitFor(await set(LOGS), WAIT_MS);
  const before = proxy.responses.length;
  const revision = await set(`${LOGS}\nnonsense: true\noutboundTrafficPolicy: {}`);
  expect(await inForce().waitFor(revision, WAIT_MS)).toEqual(LIVE);
  expect(proxy.responses.length).toBe(before);
  const { items } = await mesh.client.list(Event);
  expect(items.map(({ reason, message, involvedObject }) => [reason, involvedObject.name, message])).toEqual([
    [
      'RefusedSettings',
      'istio',
      'the last good settings stay in force: data.mesh.nonsense: unknown or unsupported field; data.mesh.outboundTrafficPolicy: unknown or unsupported field',
    ],
  ]);
});

test('settings that are no text change nothing', async () => {
  await mesh.start();
  const proxy = await mesh.connectSidecar();
  await inForce().waitFor(await set(LOGS), WAIT_MS);
  const before = proxy.responses.length;
  const { data: _, ...known } = (await mesh.client.get(ConfigMap, 'istio-system', 'istio'))!;
  const { metadata } = await mesh.client.update(ConfigMap, { ...known, binaryData: { mesh: '/w==' } });
  expect(await inForce().waitFor(metadata.resourceVersion, WAIT_MS)).toEqual(LIVE);
  expect(proxy.responses.length).toBe(before);
  const { items } = await mesh.client.list(Event);
  expect(items.map(({ message }) => message)).toEqual([
    expect.stringContaining('binaryData.mesh: must be text'),
  ]);
});

test('what cannot be read changes nothing after a restart either, until there are none', async () => {
  const bad = `${LOGS}\nnonsense: true`;
  const isLogged = async (): Promise<boolean> => {
    const proxy = await mesh.connectSidecar();
    const [listener] = proxy.responses.flatMap(({ resources }) =>
      resources.filter(({ name }) => name === 'virtualInbound'),
    );
    return Buffer.from(listener!.resource!.value).includes('envoy.access_loggers.file');
  };
  const restart = async (): Promise<void> => {
    await mesh.stop();
    await mesh.start();
  };
  await mesh.start();
  await inForce().waitFor(await set(LOGS), WAIT_MS);
  await inForce().waitFor(await set(bad), WAIT_MS);
  await restart();
  expect(await isLogged()).toBe(true);
  await restart();
  expect(await isLogged()).toBe(true);
  await mesh.stop();
  await mesh.client.delete(ConfigMap, 'istio-system', 'istio');
  await mesh.start();
  expect(await isLogged()).toBe(false);
  await inForce().waitFor(await set(bad), WAIT_MS);
  await restart();
  expect(await isLogged()).toBe(false);
});

test('a Telemetry is in force when the proxies have it, and its status says what is wrong with it', async () => {
  await mesh.start();
  await mesh.connectSidecar();
  const { metadata } = await mesh.client.create(Telemetry, {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 't', namespace: 'default' },
    spec: {
      accessLogging: [{ providers: [{ name: 'envoy' }] }],
      tracing: [{ providers: [{ name: 'zipkin' }] }],
    },
  });
  expect(await inForce().waitFor(metadata.resourceVersion, WAIT_MS)).toEqual(LIVE);
  await expect
    .poll(async () => (await mesh.client.get(Telemetry, 'default', 't'))?.status?.conditions)
    .toMatchObject([{ type: 'Reconciled', status: 'False', reason: 'UnknownProvider' }]);
});

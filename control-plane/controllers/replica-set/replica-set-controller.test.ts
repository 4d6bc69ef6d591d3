import { expect, test } from 'vitest';
import type { Client } from '#api/client/client.ts';
import { changeObject } from '#api/client/retry-on-conflict.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { Kind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { Pod } from '#api/kinds/pod.ts';
import { ReplicaSet } from '#api/kinds/replica-set.ts';
import { MemoryClient, refusal } from '#test/support/memory-client.ts';
import { until } from '#test/support/until.ts';
import { setOf } from '../deployment/deployment-fixture.ts';
import { createInformers } from '../informers.ts';
import { startReplicaSets } from './replica-set-controller.ts';

/** An API whose watch of pods delivers nothing before `deliver` is called: the lag of a busy server, without end. */
function withLateWatch(client: MemoryClient): { client: Client; deliver: () => void } {
  const gate = Promise.withResolvers<void>();
  const watch: Client['watch'] = async function* <T extends KubeObject>(
    kind: Kind<T>,
    options: Parameters<Client['watch']>[1],
  ) {
    for await (const event of client.watch(kind, options)) {
      if (kind.kind === 'Pod') await gate.promise;
      yield event;
    }
  };
  const late = new Proxy<Client>(client, {
    get: (target, name) => {
      if (name === 'watch') return watch;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { client: late, deliver: gate.resolve };
}

function start(client: Client) {
  const clock = new ManualClock();
  const tools = { clock, random: seededRandom(1), logger: silentLogger };
  const { replicaSets, pods, synced, ...caches } = createInformers(client, tools);
  const controller = startReplicaSets({ client, replicaSets, pods, synced }, tools);
  caches.start();
  const close = async (): Promise<void> => {
    caches.stop();
    await controller.close();
  };
  return { clock, replicaSets, close };
}

const made = async (client: MemoryClient): Promise<number> => (await client.list(Pod)).items.length;
const template = setOf({ image: 'v1', replicas: 3 });
const replicaSet: ReplicaSet = {
  ...template,
  metadata: { name: template.metadata.name, namespace: 'default' },
};

test('pods that the cache does not show yet are not made a second time', async () => {
  const memory = new MemoryClient();
  const late = withLateWatch(memory);
  const { replicaSets, close } = start(late.client);
  await memory.create(ReplicaSet, replicaSet);
  await until(async () => (await made(memory)) === 3);
  for (let poke = 0; poke < 5; poke += 1) {
    const poked = await changeObject(memory, {
      kind: ReplicaSet,
      namespace: 'default',
      name: 'web-v1',
      change: (set) => ({ ...set, metadata: { ...set.metadata, annotations: { poke: String(poke) } } }),
    });
    await replicaSets.caughtUp(poked?.metadata.resourceVersion ?? '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await made(memory)).toBe(3);
  late.deliver();
  await until(async () => (await memory.get(ReplicaSet, 'default', 'web-v1'))?.status?.replicas === 3);
  expect(await made(memory)).toBe(3);
  await close();
});

test('a pod that the server refuses costs few requests, and the set says why until it works', async () => {
  const memory = new MemoryClient();
  let refused = 0;
  memory.sabotage = (verb, kind) => {
    if (verb !== 'create' || kind.kind !== 'Pod') return undefined;
    refused += 1;
    return refusal(403, 'Forbidden', 'the quota is used up');
  };
  const { clock, close } = start(memory);
  await memory.create(ReplicaSet, { ...replicaSet, spec: { ...replicaSet.spec, replicas: 100 } });
  const failure = async () => {
    const set = await memory.get(ReplicaSet, 'default', 'web-v1');
    return set?.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure');
  };
  await until(async () => (await failure()) !== undefined);
  expect(await failure()).toMatchObject({
    status: 'True',
    reason: 'FailedCreate',
    message: 'the quota is used up',
  });
  expect(refused).toBeLessThanOrEqual(2);
  memory.sabotage = () => undefined;
  await until(
    async () => (await made(memory)) === 100 && (await failure()) === undefined,
    () => clock.advance(5),
  );
  await close();
});

test('a name that is taken is drawn anew', async () => {
  const memory = new MemoryClient();
  let collisions = 3;
  memory.sabotage = (verb, kind) =>
    verb === 'create' && kind.kind === 'Pod' && collisions-- > 0
      ? refusal(409, 'AlreadyExists', 'there is one of that name')
      : undefined;
  const { close } = start(memory);
  await memory.create(ReplicaSet, { ...replicaSet, spec: { ...replicaSet.spec, replicas: 1 } });
  await until(async () => (await made(memory)) === 1);
  await close();
});

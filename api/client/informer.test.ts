import { expect, test } from 'vitest';
import { systemClock } from '#api/foundation/clock.ts';
import { createLogger, silentLogger } from '#api/foundation/logger.ts';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { ConfigMap } from '#api/kinds/config-map.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { until } from '#test/support/until.ts';
import { createInformer, type Informer } from './informer.ts';

const random = seededRandom(1);
const tools = { clock: systemClock, random, logger: silentLogger };

const map = (name: string, value: string, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
  data: { value },
});

function follow(client: MemoryClient, options = {}): { informer: Informer<ConfigMap>; told: string[] } {
  const informer = createInformer(client, ConfigMap, options, tools);
  const told: string[] = [];
  informer.onChange(({ type, object, previous }) => {
    const before = previous === undefined ? '' : `${previous.data?.['value']}->`;
    told.push(`${type} ${object.metadata.name} ${before}${object.data?.['value']}`);
  });
  informer.start();
  return { informer, told };
}

test('tells what was there, then every change in order', async () => {
  const client = new MemoryClient();
  await client.create(ConfigMap, map('a', '1'));
  const { informer, told } = follow(client);
  await informer.synced;
  await client.update(ConfigMap, map('a', '2'));
  const last = await client.create(ConfigMap, map('b', '1'));
  await informer.caughtUp(last.metadata.resourceVersion);
  await client.delete(ConfigMap, 'default', 'a');
  await informer.until(() => informer.get('default', 'a') === undefined);
  expect(told).toEqual(['added a 1', 'updated a 1->2', 'added b 1', 'deleted a 2->2']);
  expect(informer.list().map((object) => object.metadata.name)).toEqual(['b']);
  informer.stop();
});

test('after its version expired it lists again and tells the differences only', async () => {
  const client = new MemoryClient();
  await client.create(ConfigMap, map('kept', '1'));
  await client.create(ConfigMap, map('gone', '1'));
  await client.create(ConfigMap, map('remade', '1'));
  const { informer, told } = follow(client);
  await informer.synced;
  told.length = 0;
  client.sabotage = (verb) => (verb === 'watch' ? new Error('the server is away') : undefined);
  client.breakWatches();
  await client.delete(ConfigMap, 'default', 'gone');
  await client.delete(ConfigMap, 'default', 'remade');
  await client.create(ConfigMap, map('remade', '2'));
  const last = await client.create(ConfigMap, map('new', '1'));
  client.compact();
  expect(informer.list()).toHaveLength(3);
  client.sabotage = () => undefined;
  await informer.caughtUp(last.metadata.resourceVersion);
  expect(told).toEqual(['deleted gone 1->1', 'deleted remade 1->1', 'added remade 2', 'added new 1']);
  informer.stop();
});

test('a broken watch resumes where it ended, without telling anything twice', async () => {
  const client = new MemoryClient();
  const { informer, told } = follow(client);
  await informer.synced;
  for (let round = 0; round < 20; round += 1) {
    const made = await client.create(ConfigMap, map(`m${round}`, 'x'));
    if (round % 3 === 0) client.breakWatches();
    if (round % 2 === 0) await informer.caughtUp(made.metadata.resourceVersion);
  }
  await informer.until(() => informer.list().length === 20);
  expect(told).toEqual(Array.from({ length: 20 }, (_, round) => `added m${round} x`));
  informer.stop();
});

test('an object that ceases to match the selector is told as deleted', async () => {
  const client = new MemoryClient();
  await client.create(ConfigMap, map('a', '1', { app: 'web' }));
  const { informer, told } = follow(client, { labelSelector: 'app=web' });
  await informer.synced;
  await client.update(ConfigMap, map('a', '1', { app: 'db' }));
  await informer.until(() => informer.list().length === 0);
  expect(told).toEqual(['added a 1', 'deleted a 1->1']);
  informer.stop();
});

test('indexes follow changes of the value they are made of', async () => {
  const client = new MemoryClient();
  const options = { indexes: { value: (object: ConfigMap) => [object.data?.['value'] ?? ''] } };
  const { informer } = follow(client, options);
  await informer.synced;
  await client.create(ConfigMap, map('a', 'red'));
  await client.create(ConfigMap, map('b', 'red'));
  const last = await client.update(ConfigMap, map('a', 'blue'));
  await informer.caughtUp(last.metadata.resourceVersion);
  const names = (value: string) => informer.find('value', value).map((object) => object.metadata.name);
  expect([names('red'), names('blue'), names('green')]).toEqual([['b'], ['a'], []]);
  informer.stop();
});

test('a handler that comes late hears of what is already there', async () => {
  const client = new MemoryClient();
  await client.create(ConfigMap, map('a', '1'));
  const { informer } = follow(client);
  await informer.synced;
  const late: string[] = [];
  informer.onChange((change) => late.push(`${change.type} ${change.object.metadata.name}`));
  expect(late).toEqual(['added a']);
  informer.stop();
});

test('an outage is told once, and the last picture stays readable', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient();
  await client.create(ConfigMap, map('a', '1'));
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', write: (line) => lines.push(line), wallMs: () => 0 });
  const informer = createInformer(client, ConfigMap, {}, { clock, random, logger });
  informer.start();
  await informer.synced;
  let tries = 0;
  client.sabotage = (verb) => (verb === 'watch' && ++tries > 0 ? new Error('the server is away') : undefined);
  client.breakWatches();
  await until(
    () => tries === 8,
    () => clock.advance(50),
  );
  expect(informer.get('default', 'a')?.data).toEqual({ value: '1' });
  client.sabotage = () => undefined;
  await client.update(ConfigMap, map('a', '2'));
  await until(
    () => informer.get('default', 'a')?.data?.['value'] === '2',
    () => clock.advance(50),
  );
  expect(lines).toHaveLength(1);
  informer.stop();
});

test('what waits for an informer is refused when it stops', async () => {
  const { informer } = follow(new MemoryClient());
  await informer.synced;
  const waiting = informer.caughtUp('1000');
  informer.stop();
  await expect(waiting).rejects.toThrow('stopped');
});

import { expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { Event } from '#api/kinds/event.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { type Happening, recordEvent } from './events.ts';

const happening: Happening = {
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' } },
  type: 'Warning',
  reason: 'FailedScheduling',
  message: '0/1 nodes are available',
  component: 'scheduler',
};

test('the same happening is one event that counts, another message is another', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  for (let i = 0; i < 3; i += 1) {
    expect(await recordEvent(client, happening, clock)).toBe(true);
    clock.advance(1_000);
  }
  await recordEvent(client, { ...happening, message: 'other' }, clock);
  const { items } = await client.list(Event, { namespace: 'shop' });
  const found = items.map(({ count, message, involvedObject }) => ({
    count,
    message,
    uid: involvedObject.uid,
  }));
  expect(found).toEqual([
    { count: 3, message: '0/1 nodes are available', uid: 'u1' },
    { count: 1, message: 'other', uid: 'u1' },
  ]);
  const seconds = (text?: string): number => Date.parse(text ?? '') / 1_000;
  expect(seconds(items[0]?.lastTimestamp) - seconds(items[0]?.firstTimestamp)).toBe(2);
});

test('concurrent reports are all counted', async () => {
  const client = new MemoryClient();
  await Promise.all(Array.from({ length: 5 }, () => recordEvent(client, happening)));
  const { items } = await client.list(Event);
  expect(items.map((event) => event.count)).toEqual([5]);
});

test('what happens to an object without a namespace is told in default', async () => {
  const client = new MemoryClient();
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u2' } };
  await recordEvent(client, { ...happening, object });
  expect((await client.list(Event, { namespace: 'default' })).items).toHaveLength(1);
});

test('a note that cannot be written is not worth a failure', async () => {
  const client = new MemoryClient();
  client.sabotage = () => new Error('no room left');
  expect(await recordEvent(client, happening)).toBe(false);
});

test('many that differ only by their message end in one event that tells the latest', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  for (let i = 0; i < 20; i += 1) await recordEvent(client, { ...happening, message: `took ${i} ms` }, clock);
  const { items } = await client.list(Event, { namespace: 'shop' });
  expect(items).toHaveLength(10);
  expect(items.find(({ message }) => message?.startsWith('(combined'))).toMatchObject({
    count: 11,
    message: '(combined from similar events): took 19 ms',
  });
});

test('what is held back is counted when it is told again', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  for (let i = 0; i < 40; i += 1) await recordEvent(client, happening, clock);
  const count = async () => (await client.list(Event)).items.map((event) => event.count);
  expect(await count()).toEqual([25]);
  clock.advance(300_000);
  await recordEvent(client, happening, clock);
  expect(await count()).toEqual([41]);
});

test('what could not be written is counted with the next of its kind', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  client.sabotage = () => new Error('connect ECONNREFUSED');
  for (let i = 0; i < 30; i += 1) await recordEvent(client, happening, clock);
  client.sabotage = () => undefined;
  expect(await recordEvent(client, happening, clock)).toBe(true);
  expect((await client.list(Event)).items.map((event) => event.count)).toEqual([31]);
});

test('what was told late makes no event older', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  clock.advance(60_000);
  await recordEvent(client, happening, clock);
  await recordEvent(client, { ...happening, atMs: clock.wallMs() - 50_000 }, clock);
  const [event] = (await client.list(Event)).items;
  expect(event?.count).toBe(2);
  expect(Date.parse(event?.lastTimestamp ?? '')).toBe(Math.floor(clock.wallMs() / 1000) * 1000);
});

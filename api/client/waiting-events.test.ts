import { describe, expect, test } from 'vitest';
import { ManualClock } from '#api/foundation/manual-clock.ts';
import { Event } from '#api/kinds/event.ts';
import { MemoryClient, refusal } from '#test/support/memory-client.ts';
import type { Happening } from './events.ts';
import { recordWhenThere } from './waiting-events.ts';

const happening: Happening = {
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' } },
  type: 'Warning',
  reason: 'OOMKilling',
  message: 'it was killed',
  component: 'node-runtime',
};

function start(obstacle: Error) {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  client.sabotage = () => obstacle;
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(5_000);
    }
  };
  const counts = async () => (await client.list(Event)).items.map(({ count }) => count);
  return { clock, client, pass, counts };
}

describe('while the API is away', () => {
  const AWAY: [string, Error][] = [
    ['nobody listens', new Error('connect ECONNREFUSED')],
    ['it starts', refusal(503, 'ServiceUnavailable', 'not ready')],
    ['it has too much to do', refusal(429, 'TooManyRequests', 'later')],
  ];
  test.each(AWAY)('%s: what happens is written once it is back, each once', async (_, obstacle) => {
    const { clock, client, pass, counts } = start(obstacle);
    const written = [1, 2, 3].map(() => recordWhenThere(client, happening, { clock }));
    await pass(600_000);
    client.sabotage = () => undefined;
    await pass(10_000);
    expect(await Promise.all(written)).toEqual([true, true, true]);
    expect(await counts()).toEqual([3]);
  });

  test('what is older than an hour is let go, and counted with the next', async () => {
    const { clock, client, pass, counts } = start(new Error('away'));
    const written = recordWhenThere(client, happening, { clock });
    await pass(3_700_000);
    expect(await written).toBe(false);
    client.sabotage = () => undefined;
    expect(await recordWhenThere(client, happening, { clock })).toBe(true);
    expect(await counts()).toEqual([2]);
  });

  test('no more wait than there is room for', async () => {
    const { clock, client, pass } = start(new Error('away'));
    for (let i = 0; i < 1_000; i += 1) void recordWhenThere(client, happening, { clock });
    expect(await recordWhenThere(client, happening, { clock })).toBe(false);
    await pass(3_700_000);
  });

  test('who has gone does not wait', async () => {
    const { clock, client } = start(new Error('away'));
    const signal = AbortSignal.abort();
    expect(await recordWhenThere(client, happening, { clock, signal })).toBe(false);
  });
});

test('what the API refuses is not tried again', async () => {
  const { clock, client } = start(refusal(403, 'Forbidden', 'the namespace is being deleted'));
  expect(await recordWhenThere(client, happening, { clock })).toBe(false);
});

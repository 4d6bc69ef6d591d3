import { afterAll, beforeAll, expect, test } from 'vitest';
import { points, Tasks } from '../../support/tasks.ts';

/** Locality load balancing: one node, four localities by label; the client is in region1/zone1. */
let tasks: Tasks;
beforeAll(async () => {
  tasks = await Tasks.start('tasks/locality/helloworld.yaml', 'tasks/locality/curl.yaml');
});
afterAll(() => tasks?.[Symbol.asyncDispose]());

/** Which localities answer. */
async function answers(requests: number): Promise<Record<string, number>> {
  const program = '/opt/weft/examples/httpbin/sample-client/load.ts';
  const options = ['-json', '-c', '4', '-n', String(requests), '-by', 'version: ([^,]+)'];
  const text = await tasks.exec('curl', 'curl', [
    'node',
    program,
    ...options,
    'http://helloworld:5000/hello',
  ]);
  const { codes, by } = JSON.parse(text) as Record<'codes' | 'by', Record<string, number>>;
  expect(codes).toEqual({ 200: requests });
  return by;
}

test('traffic stays in the zone, and fails over to the next: zone, region, rest', async () => {
  await tasks.apply('tasks/locality/failover.yaml');
  const order = ['region1.zone1', 'region1.zone2', 'region2.zone3', 'region3.zone4'];
  for (const locality of order) {
    await tasks.mesh.until(`${locality} is next`, async () =>
      (await answers(1))[locality] ? true : undefined,
    );
    expect(await answers(100)).toEqual({ [locality]: 100 });
    await tasks.scale(`helloworld-${locality}`, 0);
  }
  for (const locality of order) await tasks.scale(`helloworld-${locality}`, 1);
  await tasks.mesh.until('the first is back', async () =>
    (await answers(1))['region1.zone1'] ? true : undefined,
  );
});

test('traffic is distributed by weight', async () => {
  await tasks.apply('tasks/locality/distribute.yaml');
  const by = await answers(2000);
  expect(Math.abs(points(by, 'region1.zone1') - 70)).toBeLessThanOrEqual(2);
  expect(Math.abs(points(by, 'region1.zone2') - 20)).toBeLessThanOrEqual(2);
  expect(Math.abs(points(by, 'region3.zone4') - 10)).toBeLessThanOrEqual(2);
});

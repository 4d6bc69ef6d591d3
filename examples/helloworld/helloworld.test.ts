import { hostname } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { startProgram, stopPrograms } from '../testing/program.ts';

afterAll(stopPrograms);

test('helloworld says which version and which pod answered', async () => {
  const port = await startProgram('examples/helloworld/helloworld.ts', [], { SERVICE_VERSION: 'v2' });
  const answer = await fetch(`http://127.0.0.1:${port}/hello`);
  expect(await answer.text()).toBe(`Hello version: v2, instance: ${hostname()}\n`);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
});

/** Every payload through a real sidecar to `node:http`. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SidecarUnderTest } from '#sidecar/http/testing/sidecar-under-test.ts';
import { startNodeOrigin } from './node-origin.ts';
import type { Origin } from './origin.ts';
import { PAYLOADS } from './payloads/payloads.ts';
import { replay, startSidecarBefore } from './replay.ts';

let origin: Origin;
let sidecar: SidecarUnderTest;

beforeAll(async () => {
  origin = await startNodeOrigin();
  sidecar = await startSidecarBefore(origin);
});

afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
});

describe('the app sees what the sidecar judged', () => {
  test.each(PAYLOADS)('$name', async (payload) => {
    await replay(sidecar, origin, payload);
  });
});

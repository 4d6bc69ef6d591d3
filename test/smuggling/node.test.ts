/** Every payload through a real sidecar to `node:http`. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SidecarUnderTest } from '#sidecar/http/testing/sidecar-under-test.ts';
import { startNodeOrigin } from './node-origin.ts';
import type { Origin } from './origin.ts';
import { PAYLOADS } from './payloads/payloads.ts';
import { replay, startSidecarBefore } from './replay.ts';

/** Payloads up to this length come octet by octet. */
const MAX_PIECES = 400;

let origin: Origin;
let inbound: SidecarUnderTest;
let sidecar: SidecarUnderTest;
/** As in a mesh: two sidecars on the way. */
let first: SidecarUnderTest;

beforeAll(async () => {
  origin = await startNodeOrigin();
  sidecar = await startSidecarBefore(origin);
  inbound = await startSidecarBefore(origin, 'inbound');
  first = await startSidecarBefore(inbound);
});

afterAll(async () => {
  for (const each of [sidecar, first, inbound]) await each[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
});

describe('the app sees what the sidecar judged', () => {
  test.each(PAYLOADS)('$name', async (payload) => {
    await replay(sidecar, origin, payload);
  });

  test.each(PAYLOADS)('$name, in small pieces', async (payload) => {
    const size = Math.ceil(payload.bytes.length / MAX_PIECES);
    await replay(sidecar, origin, payload, (bytes) => bytes.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []);
  });

  test.each(PAYLOADS)('$name, through two sidecars', async (payload) => {
    await replay(first, origin, payload);
  });
});

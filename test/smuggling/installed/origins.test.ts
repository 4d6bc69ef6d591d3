/** Every payload through a real sidecar to the web servers of the distribution. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SidecarUnderTest } from '#sidecar/http/testing/sidecar-under-test.ts';
import type { Origin } from '../origin.ts';
import { PAYLOADS } from '../payloads/payloads.ts';
import { replay, startSidecarBefore } from '../replay.ts';
import { APACHE } from './apache.ts';
import { NGINX } from './nginx.ts';
import { startProgram } from './program.ts';

describe.each([NGINX, APACHE])('$name sees what the sidecar judged', (program) => {
  let origin: Origin;
  let sidecar: SidecarUnderTest;

  beforeAll(async () => {
    origin = await startProgram(program);
    sidecar = await startSidecarBefore(origin);
  });

  afterAll(async () => {
    await sidecar?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
  });

  test.each(PAYLOADS)('$name', async (payload) => {
    await replay(sidecar, origin, payload);
  });
});

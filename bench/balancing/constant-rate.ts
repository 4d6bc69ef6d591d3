import { Pool } from 'undici';
import { AUTHORITY } from '../http1/request-head.ts';

/** One request: when it was due, and how long after that its answer was complete. */
export interface Sample {
  readonly atMs: number;
  readonly tookMs: number;
  readonly ok: boolean;
}

export interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Sends at a constant rate, whatever the answers do. Times run from the moment at which a request was due, so that a client
 * that was held up counts its own lateness rather than hides it.
 */
export async function sendAtConstantRate(port: number, { perSecond, seconds }: Rate): Promise<Sample[]> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 512, pipelining: 1 });
  const samples: Sample[] = [];
  const start = performance.now();
  const under: Promise<void>[] = [];
  for (let i = 0; i < perSecond * seconds; i += 1) {
    const dueMs = (i * 1_000) / perSecond;
    await until(start + dueMs);
    under.push(request(pool, start, dueMs, samples));
  }
  await Promise.all(under);
  await pool.close();
  return samples;
}

async function request(pool: Pool, start: number, dueMs: number, samples: Sample[]): Promise<void> {
  const ok = await pool.request({ path: '/', method: 'GET', headers: { host: AUTHORITY } }).then(
    async ({ statusCode, body }) => {
      await body.dump();
      return statusCode === 200;
    },
    () => false,
  );
  samples.push({ atMs: dueMs, tookMs: performance.now() - start - dueMs, ok });
}

async function until(ms: number): Promise<void> {
  const wait = ms - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

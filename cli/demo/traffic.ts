/** The demo's load: a fixed number of requests over a few kept-alive connections, and what came back. */
import { Agent, get } from 'node:http';

export interface Load {
  readonly url: string;
  readonly requests: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface Observed {
  /** How often each version of reviews answered. */
  readonly versions: ReadonlyMap<string, number>;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What the first failed request met; for the report. */
  readonly firstFailure: string | undefined;
}

interface Reply {
  readonly ms: number;
  readonly version: string | undefined;
  readonly failure: string | undefined;
}

const TIMEOUT_MS = 10_000;

export async function sendLoad(load: Load): Promise<Observed> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.concurrency });
  const replies: Reply[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < load.requests) {
      started += 1;
      load.signal.throwIfAborted();
      replies.push(await once(load.url, agent));
    }
  };
  try {
    await Promise.all(Array.from({ length: load.concurrency }, worker));
  } finally {
    agent.destroy();
  }
  return observe(replies);
}

function once(url: string, agent: Agent): Promise<Reply> {
  const start = performance.now();
  return new Promise((resolve) => {
    const done = (version: string | undefined, failure: string | undefined): void =>
      resolve({ ms: performance.now() - start, version, failure });
    const request = get(url, { agent, timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', (error) => done(undefined, error.message));
      response.on('end', () =>
        response.statusCode === 200
          ? done(versionOf(body), undefined)
          : done(undefined, `${response.statusCode} ${body.slice(0, 120)}`),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', (error) => done(undefined, error.message));
  });
}

/** reviews names the pod that answered: `reviews-v2-5b6f…`. */
function versionOf(body: string): string | undefined {
  return /"podname":"reviews-(v\d+)-/.exec(body)?.[1];
}

/** Pure. */
export function observe(replies: readonly Reply[]): Observed {
  const good = replies.filter((reply) => reply.failure === undefined);
  const versions = new Map<string, number>();
  for (const { version = 'unknown' } of good) versions.set(version, (versions.get(version) ?? 0) + 1);
  const times = good.map((reply) => reply.ms).sort((a, b) => a - b);
  return {
    versions,
    failed: replies.length - good.length,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    firstFailure: replies.find((reply) => reply.failure !== undefined)?.failure,
  };
}

/** Nearest rank. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

/**
 * Sends requests, some at a time, each worker over a connection of its own, and counts what comes back, as fortio does:
 *
 *   node load.ts [-c WORKERS] [-n REQUESTS] [-qps RATE] [-timeout SECONDS] [-H 'NAME: VALUE']... [-by REGEX] [-json] URL
 *
 * `-qps 0` (the default) sends as fast as answers come. `-by` counts answers by the first group of the regex in
 * their body: which version answered, for example.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { parseArgs } from 'node:util';

interface Load {
  readonly url: URL;
  readonly workers: number;
  readonly requests: number;
  /** All workers together, a second; 0: no pause. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly by: RegExp | undefined;
}

interface Counts {
  /** Answers by status; `-1` counts those that did not come. */
  readonly codes: Record<string, number>;
  readonly by: Record<string, number>;
  readonly errors: Record<string, number>;
  readonly ms: number[];
}

function loadOf(argv: readonly string[]): Load & { readonly json: boolean } {
  // fortio's options are words behind one dash.
  const args = argv.map((word) => (/^-[a-z]{2,}$/.test(word) ? `-${word}` : word));
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      workers: { type: 'string', short: 'c', default: '4' },
      requests: { type: 'string', short: 'n', default: '100' },
      qps: { type: 'string', default: '0' },
      timeout: { type: 'string', default: '15' },
      header: { type: 'string', short: 'H', multiple: true, default: [] },
      by: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    url: new URL(positionals[0] ?? ''),
    workers: Number(values.workers),
    requests: Number(values.requests),
    rate: Number(values.qps),
    timeoutMs: Number(values.timeout) * 1000,
    headers: Object.fromEntries(values.header.map(headerOf)),
    by: values.by === undefined ? undefined : new RegExp(values.by),
    json: values.json,
  };
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

async function run(load: Load): Promise<Counts> {
  const counts: Counts = { codes: {}, by: {}, errors: {}, ms: [] };
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = next; n < load.requests; n = next) {
      next += 1;
      if (load.rate > 0) await until(start + (n * 1000) / load.rate);
      await send(load, agent, counts);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: load.workers }, worker));
  return counts;
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}

async function send(load: Load, agent: Agent, counts: Counts): Promise<void> {
  const start = performance.now();
  try {
    const { status, body } = await answer(load, agent);
    add(counts.codes, String(status));
    if (load.by !== undefined) add(counts.by, load.by.exec(body)?.[1] ?? 'other');
  } catch (error) {
    add(counts.codes, '-1');
    add(counts.errors, (error as Error).message);
  }
  counts.ms.push(performance.now() - start);
}

function answer(load: Load, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(load.timeoutMs);
    const sent = request(load.url, { agent, headers: load.headers, signal }, (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function summary({ codes, by, errors, ms }: Counts): object {
  const sorted = ms.toSorted((a, b) => a - b);
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => Math.round(percentile(sorted, share) * 10) / 10);
  return { codes, by, errors, ms: { p50, p99, max } };
}

function report(counts: Counts): string {
  const total = counts.ms.length;
  const lines = (name: string, of: Record<string, number>): string[] =>
    Object.entries(of)
      .sort()
      .map(([key, n]) => `${name} ${key} : ${n} (${((100 * n) / total).toFixed(1)} %)`);
  const { ms } = summary(counts) as { ms: Record<string, number> };
  return [
    ...lines('Code', counts.codes),
    ...lines('Answer', counts.by),
    ...lines('Error', counts.errors),
    `${total} requests: p50 ${ms['p50']} ms, p99 ${ms['p99']} ms, longest ${ms['max']} ms`,
  ].join('\n');
}

const { json, ...load } = loadOf(process.argv.slice(2));
const counts = await run(load);
console.log(json ? JSON.stringify(summary(counts)) : report(counts));

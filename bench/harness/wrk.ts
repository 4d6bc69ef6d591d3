import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface LoadOptions {
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: readonly string[];
  /** Sends POST with a body of so many bytes; GET without one when absent. */
  readonly bodyBytes?: number;
}

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

const SCRIPT = join(import.meta.dirname, 'wrk-report.lua');

/** Runs wrk on `core` against a port of this machine. Throws when a request failed: a figure with errors is none. */
export async function runWrk(core: number, wrk: string, port: number, options: LoadOptions): Promise<Load> {
  const { path, connections, seconds, headers, bodyBytes = 0 } = options;
  const limits = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT];
  const said = headers.flatMap((header) => ['-H', header]);
  const url = `http://127.0.0.1:${port}${path}`;
  const method = bodyBytes > 0 ? 'POST' : 'GET';
  const args = ['-c', String(core), wrk, ...limits, ...said, url, '--', method, String(bodyBytes)];
  const { stdout } = await promisify(execFile)('taskset', args);
  return parseWrk(stdout, url);
}

/** Reads the line that `wrk-report.lua` writes. Throws when a request failed or none was answered. */
export function parseWrk(stdout: string, url: string): Load {
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`wrk said nothing about ${url}: ${stdout}`);
  const { requests, micros, failed, p50, p90, p99, p999 } = JSON.parse(line) as Record<string, number>;
  if (failed !== 0) throw new Error(`${failed} of ${requests} requests to ${url} failed`);
  if (!requests || !micros) throw new Error(`no request to ${url} was answered`);
  return {
    requests,
    requestsPerSecond: requests / (micros / 1e6),
    p50Ms: p50! / 1_000,
    p90Ms: p90! / 1_000,
    p99Ms: p99! / 1_000,
    p999Ms: p999! / 1_000,
  };
}

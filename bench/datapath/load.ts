import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A head of about 400 bytes, as a browser or an API client sends it. */
const HEADERS = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) mesh-bench/1.0',
  'Accept: application/json, text/plain, */*',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-US,en;q=0.9',
  'Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnopqrstuvwxyz0123456789',
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
];

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Runs wrk on `core` against a port of this machine. Throws when a request failed: a figure with errors is none. */
export async function runLoad(
  core: number,
  port: number,
  options: { connections: number; seconds: number; headers?: readonly string[] },
): Promise<Load> {
  const headers = [...HEADERS, ...(options.headers ?? [])].flatMap((header) => ['-H', header]);
  const limits = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency'];
  const url = `http://127.0.0.1:${port}/1k`;
  const args = ['-c', String(core), 'wrk', ...limits, ...headers, url];
  const { stdout } = await promisify(execFile)('taskset', args);
  const failed = /Socket errors.*|Non-2xx.*/.exec(stdout);
  if (failed !== null) throw new Error(`port ${port}: ${failed[0]}`);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50Us: latencyUs(stdout, 50),
    p99Us: latencyUs(stdout, 99),
  };
}

const UNIT_US: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };

function latencyUs(output: string, percent: number): number {
  const match = new RegExp(`\\s${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output);
  return Number(match?.[1]) * (UNIT_US[match?.[2] ?? ''] ?? Number.NaN);
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What one run of the generator saw. Times count from the moment at which each request was due. */
export interface Latencies {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** How late the generator itself was to send where a connection was free: a run where this is large was disturbed. */
  readonly generatorLateP99Ms: number;
}

export interface ConstantLoad {
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
  readonly headers: readonly string[];
}

const GENERATOR = join(import.meta.dirname, 'generator.ts');
/** Young objects get so much room that a run ends before they need collecting. */
const FLAGS = [
  '--max-semi-space-size=64',
  '--min-semi-space-size=64',
  '--disable-warning=ExperimentalWarning',
];
/** Beyond the time that was asked for: start, connections and the last answers. */
const GRACE_MS = 15_000;

/** Runs the generator on `core`. Throws when a request failed: a figure with errors is none. */
export async function sendAtConstantRate(core: number, port: number, load: ConstantLoad): Promise<Latencies> {
  const { path, perSecond, seconds, connections, headers } = load;
  const words = [port, path, perSecond, seconds, connections].map(String);
  const args = ['-c', String(core), process.execPath, ...FLAGS, GENERATOR, ...words, ...headers];
  const timeout = seconds * 1_000 + GRACE_MS;
  const { stdout } = await promisify(execFile)('taskset', args, { timeout, killSignal: 'SIGKILL' });
  return JSON.parse(stdout) as Latencies;
}

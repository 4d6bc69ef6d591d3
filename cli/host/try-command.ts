import { spawn } from 'node:child_process';

/** What a program did: its exit code (-1 when it could not be run or was killed), and what it said. */
export interface Tried {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TryOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const TIMEOUT_MS = 10_000;
const OUTPUT_LIMIT_BYTES = 1 << 20;

/** Runs a program, never through a shell. Failures are values: looking at a host must not fail. */
export function tryCommand(file: string, args: readonly string[], options: TryOptions = {}): Promise<Tried> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: SEARCH_PATH, LC_ALL: 'C', ...options.env },
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        if (said[name].length < OUTPUT_LIMIT_BYTES) said[name] += chunk.toString('utf8');
      });
    }
    child.on('error', (error) => resolve({ code: -1, stdout: '', stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, ...said }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
  });
}

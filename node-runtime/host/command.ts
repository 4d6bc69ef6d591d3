import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { WeftError } from '#api/foundation/errors.ts';

export interface CommandResult {
  /** 128 + signal number is not used here: a signal gives -1. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to standard input; nothing is connected to it otherwise. */
  readonly input?: string;
  /** Killed after this, milliseconds. */
  readonly timeoutMs?: number;
}

/** Host tools answer in milliseconds; one that takes this long hangs. */
const TIMEOUT_MS = 30_000;
/** More output than this from a host tool is cut off: none of what we run says more. */
const OUTPUT_LIMIT_BYTES = 8 << 20;

/** What host tools see of our environment: where programs are, and messages in English. */
export const TOOL_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

/** Runs a host tool, never through a shell. Throws a WeftError `CommandMissing` or `CommandTimedOut`. */
export function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: TOOL_ENVIRONMENT,
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on('error', (cause) =>
      reject(new WeftError('CommandMissing', `${file} cannot be run`, { remedy: 'run: weft setup', cause })),
    );
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL' && child.killed) {
        reject(new WeftError('CommandTimedOut', `${file} ${args[0] ?? ''} did not end in time`));
      } else resolve({ code: code ?? -1, stdout: stdout(), stderr: stderr() });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

/** Runs a host tool that has to succeed; resolves with its output. Throws a WeftError `CommandFailed` with the tool's words. */
export async function must(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(file, args, options);
  if (result.code === 0) return result.stdout;
  const words = result.stderr.trim().split('\n').slice(0, 3).join('; ') || `exit code ${result.code}`;
  throw new WeftError('CommandFailed', `${file} ${args.slice(0, 2).join(' ')}: ${words}`);
}

function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size < OUTPUT_LIMIT_BYTES) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

import { Refusal } from '../status-reply.ts';

export interface ExecRequest {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** Limits of what one command line may be; the kernel's own is 2 MB. */
const MAX_WORDS = 1_000;
const MAX_BYTES = 128 * 1024;

/** Reads Kubernetes PodExecOptions. Throws a Refusal that names what is wrong. */
export function execRequest(query: URLSearchParams): ExecRequest {
  const command = query.getAll('command');
  if (command.length === 0) throw new Refusal(400, 'you must specify at least one command word');
  if (command.length > MAX_WORDS || Buffer.byteLength(command.join(' ')) > MAX_BYTES) {
    throw new Refusal(400, 'the command is too long');
  }
  if (isSet(query, 'tty')) throw new Refusal(400, 'terminals are not supported: leave tty (-t) out');
  const stdin = isSet(query, 'stdin');
  const stdout = isSet(query, 'stdout');
  const stderr = isSet(query, 'stderr');
  if (!stdin && !stdout && !stderr)
    throw new Refusal(400, 'you must specify at least one of stdin, stdout, stderr');
  return { command, stdin, stdout, stderr };
}

function isSet(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text === 'true' || text === '1';
}

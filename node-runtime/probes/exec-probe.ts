import { Writable } from 'node:stream';
import type { Containers, ExecOptions } from '../pod/containers.ts';
import type { Outcome } from './prober.ts';

/** What `Containers.exec` answers for a command that it had to kill for its time. */
const TIMED_OUT = 124;
/** Output that an event shows. */
const SHOWN_BYTES = 200;

/** Passes when the command exits with 0 in time. Its output is read to the end and shown in part. */
export async function probeExec(
  containers: Pick<Containers, 'exec'>,
  id: string,
  command: readonly string[],
  options: Pick<ExecOptions, 'uid' | 'gid' | 'env'> & { readonly timeoutMs: number },
): Promise<Outcome> {
  const output = new Head(SHOWN_BYTES);
  const code = await containers.exec(id, command, { ...options, stdout: output, stderr: output });
  if (code === 0) return { ok: true, message: '' };
  if (code === TIMED_OUT) return { ok: false, message: `command timed out after ${options.timeoutMs} ms` };
  return { ok: false, message: `command exited with ${code}: ${output.text.trim()}` };
}

/** Keeps the first bytes and swallows the rest. */
class Head extends Writable {
  readonly #limit: number;
  #kept = '';

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  get text(): string {
    return this.#kept;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#kept.length < this.#limit) {
      this.#kept = (this.#kept + chunk.toString('utf8')).slice(0, this.#limit);
    }
    done();
  }
}

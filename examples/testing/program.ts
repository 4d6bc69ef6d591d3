/** Starts the examples' programs for their tests, each on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const children: ChildProcess[] = [];

/** Resolves with the port once the program says that it listens. `argv` follows the port. */
export async function startProgram(
  path: string,
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const port = await freePort();
  const child = spawn(process.execPath, [path, String(port), ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.includes('listens')) return port;
  throw new Error(`${path} ended before it listened`);
}

export function newestProgram(): ChildProcess {
  const newest = children.at(-1);
  if (newest === undefined) throw new Error('no program was started');
  return newest;
}

export async function stopPrograms(): Promise<void> {
  await Promise.all(
    children.splice(0).map((child) => {
      const gone = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      return gone;
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A web server of the distribution as a process of its own: on a loopback port, with its files in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ended, eventually } from '../../support/eventually.ts';
import type { Origin } from '../origin.ts';
import type { OriginName, Seen } from '../payload.ts';

export interface Program {
  readonly name: OriginName;
  /** Where it may be, by distribution. */
  readonly binaries: readonly string[];
  readonly config: (place: Place) => string;
  /** Beside the configuration: name and text; all are executable. */
  readonly files: Readonly<Record<string, string>>;
  readonly args: (configFile: string) => readonly string[];
  /** A line of `seen.log`: the request, or why it was turned away; undefined for what is no request. */
  readonly read: (line: string) => Seen | undefined;
}

/** A log line is late by less, if it comes at all. */
const LOG_DEADLINE_MS = 10_000;

export interface Place {
  readonly directory: string;
  readonly port: number;
}

export async function startProgram(program: Program): Promise<Origin> {
  const binary = program.binaries.find(existsSync);
  if (binary === undefined)
    throw new Error(`${program.name} is not installed: ${program.binaries.join(', ')}`);
  const place = makePlace(await freePort(), program);
  const child = spawn(binary, program.args(join(place.directory, 'server.conf')), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  await eventually(`${program.name} answers`, () => {
    if (child.exitCode !== null) throw new Ended(`${program.name} ended: ${said}`);
    return ask(place.port, '/ready').then(() => true);
  });
  return originOf(program, place, child);
}

function makePlace(port: number, program: Program): Place {
  const directory = mkdtempSync(join(tmpdir(), `weft-${program.name}-`));
  chmodSync(directory, 0o755);
  const place = { directory, port };
  writeFileSync(join(directory, 'server.conf'), program.config(place));
  for (const [name, text] of Object.entries(program.files)) {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), 0o755);
  }
  return place;
}

/** A request that did not come through a sidecar stands in the log behind everything that was over before it. */
function originOf(program: Program, { directory, port }: Place, child: ChildProcess): Origin {
  let fences = 0;
  let read = 0;
  return {
    name: program.name,
    port,
    async taken(count) {
      fences += 1;
      const fence = `/fence-${fences} `;
      await ask(port, fence.trim());
      return eventually(
        `the log of ${program.name} has${fence}and ${count} requests`,
        () => {
          const lines = readFileSync(join(directory, 'seen.log'), 'latin1').split('\n').slice(0, -1);
          const fresh = lines.slice(read).map(program.read);
          const requests = fresh.filter(
            (seen) => seen !== undefined && !/ \/(fence-\d+|ready) /.test(seen),
          ) as Seen[];
          if (requests.length < count || !fresh.some((seen) => seen?.includes(fence))) return undefined;
          read = lines.length;
          return requests;
        },
        LOG_DEADLINE_MS,
      );
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ask(port: number, path: string): Promise<void> {
  const request = get({ host: '127.0.0.1', port, path, headers: { host: 'app.test' }, agent: false });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

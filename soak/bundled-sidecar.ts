/** The sidecar as pods run it: its production bundle, with the node runtime's flags, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { nodeFlags } from '#node-runtime/injection/sidecar-limits.ts';
import { bundleSidecar } from '#node-runtime/wiring/sidecar-bundle.ts';
import type { Destination } from './destinations.ts';
import type { Subject } from './subject.ts';
import type { Vitals } from './vitals.ts';

/** What a pod's sidecar may use when nothing is said. */
const MEMORY_BYTES = 128 * 2 ** 20;
const MAX_ERRORS = 20;

export async function startBundledSidecar(
  discoveryPort: number,
  destinations: readonly Destination[],
): Promise<Subject> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-soak-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const bundle = await bundleSidecar(directory);
  const [outbound, inbound, admin, metrics, readiness, ownMetrics] = await freePorts(6);
  const config = SidecarConfig.parse({
    pod: 'client-1',
    namespace: 'soak',
    podIp: '127.0.0.1',
    workload: 'client',
    discoveryAddress: `127.0.0.1:${discoveryPort}`,
    ports: { outbound, inbound, admin, metrics, readiness, ownMetrics },
  });
  const path = join(directory, 'sidecar.json');
  writeFileSync(path, JSON.stringify(config));
  const probe = await builtProbe(directory);
  const child = spawn(process.execPath, [...nodeFlags(MEMORY_BYTES), '--import', probe, bundle, path], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], WEFT_SOAK_DESTINATIONS: JSON.stringify(destinations) },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const sidecar = new BundledSidecar(child, config.ports, directory);
  await sidecar.started();
  return sidecar;
}

class BundledSidecar implements Subject {
  readonly ports: SidecarConfig['ports'];
  readonly errors: string[] = [];
  died: string | undefined;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #started: Promise<void>;
  readonly #questions = new Map<number, PromiseWithResolvers<Vitals>>();
  #asked = 0;

  constructor(child: ChildProcess, ports: SidecarConfig['ports'], directory: string) {
    this.#child = child;
    this.ports = ports;
    this.#directory = directory;
    this.#started = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const { level, message, ...rest } = JSON.parse(line) as { level: string; message: string };
        if (message === 'started') resolve();
        if (level === 'error' && this.errors.length < MAX_ERRORS)
          this.errors.push(`${message} ${JSON.stringify(rest)}`);
      });
      child.once('exit', (code, signal) => {
        this.died = `the sidecar ended with ${signal ?? code}: ${this.errors.join('; ')}`;
        reject(new Error(this.died));
        for (const { reject } of this.#questions.values()) reject(new Error(this.died));
      });
    });
    child.on('message', ({ id, vitals }: { id: number; vitals: Vitals }) => {
      this.#questions.get(id)?.resolve(vitals);
      this.#questions.delete(id);
    });
  }

  started(): Promise<void> {
    return this.#started;
  }

  vitals(objects: boolean): Promise<Vitals> {
    const answer = Promise.withResolvers<Vitals>();
    if (this.died !== undefined) answer.reject(new Error(this.died));
    else {
      this.#asked += 1;
      this.#questions.set(this.#asked, answer);
      this.#child.send({ id: this.#asked, objects }, (error) => {
        if (error !== null) answer.reject(error);
      });
    }
    return answer.promise;
  }

  async stop(): Promise<void> {
    if (this.died === undefined) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Built, so that the sidecar's process need not load what strips types: that is several MiB which a pod does not have. */
async function builtProbe(directory: string): Promise<string> {
  const sources = ['probe.ts', 'original-destination-stand-in.ts'];
  await build({
    entryPoints: sources.map((name) => fileURLToPath(new URL(name, import.meta.url))),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  });
  return join(directory, 'probe.mjs');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((each) => once(each, 'listening')));
  const ports = servers.map((each) => (each.address() as { port: number }).port);
  await Promise.all(servers.map((each) => once(each.close(), 'close')));
  return ports;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MeshConfig, pathsOf } from '#api/mesh/config.ts';

export interface Program {
  readonly process: ChildProcess;
  /** Everything on standard error so far, line by line. */
  readonly log: readonly string[];
  /** Resolves when it serves; rejects with its log when it ends before. */
  readonly serving: Promise<void>;
  /** Exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** A directory for one mesh with a configuration on free ports. */
export async function makeMesh(directory = mkdtempSync(join(tmpdir(), 'weft-mesh-'))): Promise<MeshConfig> {
  const [apiPort, xdsPort, monitoringPort] = [await freePort(), await freePort(), await freePort()];
  const [dataDir, runDir] = [join(directory, 'data'), join(directory, 'run')];
  const config = MeshConfig.parse({
    ...{ id: 'test', nodeName: 'node', dataDir, runDir, apiPort, xdsPort, monitoringPort },
  });
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(pathsOf(config).config, JSON.stringify(config));
  return config;
}

export function removeMesh(config: MeshConfig): void {
  rmSync(join(config.dataDir, '..'), { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

/** Starts the control plane as the program that it is. */
export function startProgram(words: readonly string[]): Program {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  const serving = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (line.includes('the control plane serves')) resolve();
    });
    void ended.then(() => reject(new Error(log.join('\n'))));
  });
  serving.catch(() => {});
  return { process: child, log, serving, ended };
}

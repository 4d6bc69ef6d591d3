/** A mesh of its own for one bench run: started by the command that users run, removed whole at the end. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientFromMesh, type HttpClient } from '#api/client/http-client.ts';
import { type MeshConfig, readMeshConfig } from '#api/mesh/config.ts';
import type { Measured, MissingSubject } from '../scenario.ts';

const run = promisify(execFile);
const WEFT = join(import.meta.dirname, '../../weft');
const STOP_MS = 60_000;

export interface BenchMesh extends AsyncDisposable {
  readonly config: MeshConfig;
  readonly client: HttpClient;
  /** Runs `weft ARGS` on this mesh; resolves with what it printed. */
  weft(...args: string[]): Promise<string>;
}

/** Why there can be no mesh here; undefined when there can. */
export function whyNoMesh(): MissingSubject | undefined {
  if (userInfo().uid === 0) return undefined;
  return { name: 'weft', why: 'pods need network namespaces and cgroups, which are root’s: run it as root' };
}

/** Runs `measure` on a mesh of its own; where there can be none, says so. */
export async function onBenchMesh(measure: (mesh: BenchMesh) => Promise<Measured>): Promise<Measured> {
  const why = whyNoMesh();
  if (why !== undefined) return { rounds: 0, subjects: [], missing: [why], ratios: {} };
  await using mesh = await startBenchMesh();
  return await measure(mesh);
}

async function startBenchMesh(): Promise<BenchMesh> {
  const home = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const dataDir = join(home, 'data');
  const env = { ...process.env, WEFT_DATA_DIR: dataDir, WEFT_RUN_DIR: join(home, 'run') };
  const weft = async (...args: string[]): Promise<string> =>
    (await run(WEFT, args, { env, maxBuffer: 64 * 2 ** 20 })).stdout;
  /** For an end that nobody waits for, such as Ctrl-C: the mesh is of programs that outlive this one. */
  const removeAtExit = (): void => {
    execFileSync(WEFT, ['down', '--purge'], { env, stdio: 'ignore', timeout: STOP_MS });
    rmSync(home, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);
  const remove = async (): Promise<void> => {
    await weft('down', '--purge');
    process.off('exit', removeAtExit);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await weft('up');
    const config = readMeshConfig(dataDir);
    const client = clientFromMesh(config);
    const dispose = async (): Promise<void> => {
      await client.close();
      await remove();
    };
    return { config, client, weft, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
}

/** A mesh of its own for one bench run: started by the command that users run, removed whole at the end. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientFromMesh, type HttpClient } from '#api/client/http-client.ts';
import { type MeshConfig, readMeshConfig } from '#api/mesh/config.ts';

const run = promisify(execFile);
const WEFT = join(import.meta.dirname, '../../weft');

export interface BenchMesh {
  readonly config: MeshConfig;
  readonly client: HttpClient;
  /** Runs `weft ARGS` on this mesh; resolves with what it printed. */
  weft(...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function startBenchMesh(): Promise<BenchMesh> {
  const home = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const dataDir = join(home, 'data');
  const env = { ...process.env, WEFT_DATA_DIR: dataDir, WEFT_RUN_DIR: join(home, 'run') };
  const weft = async (...args: string[]): Promise<string> =>
    (await run(WEFT, args, { env, maxBuffer: 64 * 2 ** 20 })).stdout;
  const remove = async (): Promise<void> => {
    await weft('down', '--purge');
    await rm(home, { recursive: true, force: true });
  };
  try {
    await weft('up');
    const config = readMeshConfig(dataDir);
    return { config, client: clientFromMesh(config), weft, remove };
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
}

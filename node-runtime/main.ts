import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { createLogger, type Logger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { stopNameServer } from './dns/name-server-process.ts';
import { removeDirectory } from './host/remove-directory.ts';
import { tearDownMesh } from './host/tear-down-mesh.ts';
import { startNodeRuntime } from './node-runtime.ts';
import { bundleSidecar } from './wiring/sidecar-bundle.ts';

/**
 *   node node-runtime/main.ts --config DATA_DIR/mesh.json              runs until SIGTERM, which leaves pods running
 *   node node-runtime/main.ts --config DATA_DIR/mesh.json --tear-down  removes every trace of the mesh from the kernel
 *
 * `--debug` logs every action and how long it took.
 */
const logger = createLogger({
  level: process.argv.includes('--debug') ? 'debug' : 'info',
  write: (line) => process.stdout.write(line),
  wallMs: systemClock.wallMs,
});

try {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      'tear-down': { type: 'boolean', default: false },
      debug: { type: 'boolean', default: false },
    },
  });
  const config = readConfig(values.config);
  if (values['tear-down']) await tearDown(config);
  else await run(config, logger);
} catch (error) {
  const remedy = error instanceof WeftError ? error.remedy : undefined;
  logger.error(messageOf(error), remedy === undefined ? {} : { remedy });
  process.exitCode = 1;
}

function readConfig(path: string | undefined): MeshConfig {
  if (path === undefined) {
    throw new WeftError('UsageWrong', 'the configuration is missing', {
      remedy: 'use: --config DATA_DIR/mesh.json',
    });
  }
  return MeshConfig.parse(JSON.parse(readFileSync(path, 'utf8')));
}

async function run(config: MeshConfig, log: Logger): Promise<void> {
  const paths = pathsOf(config);
  mkdirSync(config.runDir, { recursive: true, mode: 0o755 });
  mkdirSync(dirname(paths.xdsSocketDir), { recursive: true, mode: 0o700 });
  mkdirSync(paths.xdsSocketDir, { recursive: true, mode: 0o755 });
  const sidecarBundle = await bundleSidecar(join(config.dataDir, 'lib'));
  const tools = { clock: systemClock, random: systemRandom, logger: log, sidecarBundle };
  const runtime = await startNodeRuntime(config, tools);
  log.info('node runtime is up', { node: config.nodeName, pid: process.pid });
  // The event loop has to stay alive by itself: timers and watches do not hold it.
  const alive = setInterval(() => {}, 3_600_000);
  const stop = (): void => {
    clearInterval(alive);
    void runtime.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function tearDown(config: MeshConfig): Promise<void> {
  await stopNameServer(config, systemClock);
  await tearDownMesh(config);
  await removeDirectory(pathsOf(config).podVolumes);
}

/**
 * The control plane as a program: `node control-plane/main.ts --config DATA_DIR/mesh.json`. Logs go to standard
 * error, one JSON object a line; SIGTERM and SIGINT stop it. The rest of the program is imported once it is known
 * where the mesh's data is, since what the compiler made of it is kept there: that halves the time to start.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { systemClock } from '#api/foundation/clock.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import { createLogger, type Logger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { pathsOf, readMeshConfig } from '#api/mesh/config.ts';
import { readIfThere } from './apiserver/pki/private-files.ts';
import { parseArguments } from './settings/arguments.ts';

function loggerFor(level: 'debug' | 'info' | 'warn' | 'error'): Logger {
  const write = (line: string): void => void process.stderr.write(line);
  return createLogger({ level, write, wallMs: systemClock.wallMs, fields: { component: 'control-plane' } });
}

/** One line that says what is wrong and what to do, then the end. */
function die(error: unknown): never {
  const remedy = error instanceof WeftError && error.remedy !== undefined ? `; ${error.remedy}` : '';
  const unexpected = error instanceof WeftError ? undefined : (error as Error | undefined)?.stack;
  loggerFor('error').error(`${messageOf(error)}${remedy}`, { code: codeOf(error), stack: unexpected });
  process.exit(codeOf(error) === 'Usage' ? 2 : 1);
}

async function run(): Promise<void> {
  const { dataDir, logLevel } = parseArguments(process.argv.slice(2));
  const config = readMeshConfig(dataDir);
  const { controlPlanePid } = pathsOf(config);
  const logger = loggerFor(logLevel);
  enableCompileCache(join(dataDir, 'cache'));
  const { startControlPlane } = await import('./control-plane.ts');
  const controlPlane = await startControlPlane(config, { clock: systemClock, random: systemRandom, logger });
  mkdirSync(dirname(controlPlanePid), { recursive: true, mode: 0o755 });
  writeFileSync(controlPlanePid, `${process.pid}\n`);

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info('stopping', { signal });
    await controlPlane[Symbol.asyncDispose]();
    if (readIfThere(controlPlanePid)?.trim() === String(process.pid))
      rmSync(controlPlanePid, { force: true });
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal).catch(die));
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
await run().catch(die);

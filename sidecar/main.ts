/**
 * `node main.ts CONFIG.json`: one sidecar until SIGTERM. Exits 0 after a drain, 1 when it cannot start or an invariant
 * broke (with a log line that says so), 2 when its configuration cannot be used.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { createLogger, type Logger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { openStandardOutput } from './access-log/open-standard-output.ts';
import { StandardOutput } from './access-log/standard-output.ts';
import { grpcTransport } from './discovery/grpc-transport.ts';
import { openFilesLimit } from './intercept/open-files.ts';
import { createOriginalDestinationReader } from './intercept/original-destination.ts';
import { createTrim, keepTrimmed } from './memory-trim.ts';
import { readSidecarConfig } from './read-config.ts';
import { startSidecar } from './sidecar.ts';

/** How long the end of a sidecar waits for whoever reads its log. */
const FLUSH_MS = 1000;

async function main(path: string | undefined): Promise<void> {
  if (path === undefined) throw new WeftError('SidecarUsage', 'usage: main.ts CONFIG.json');
  const config = await readSidecarConfig(path);
  const output = new StandardOutput(openStandardOutput(), systemClock);
  const settings = {
    level: config.logLevel,
    wallMs: systemClock.wallMs,
    fields: { program: 'sidecar', pod: config.pod, namespace: config.namespace },
  };
  const logger = createLogger({ ...settings, write: (line) => output.say(line) });
  const lastWords = createLogger({ ...settings, write: sayAtOnce });
  endOnBrokenInvariants(lastWords);
  let leave = (): void => {};
  const world = {
    transport: grpcTransport(config.discoveryAddress),
    originalDestination: await createOriginalDestinationReader(),
    clock: systemClock,
    random: systemRandom,
    logger,
    lines: output,
    environment: process.env,
    openFiles: openFilesLimit(),
  };
  const sidecar = await startSidecar(config, world, () => leave());
  leave = (): void => {
    sidecar
      .drain()
      .then(() => output.flush(FLUSH_MS))
      .then(
        () => process.exit(0),
        (error: unknown) => fail(lastWords, 'drain failed', error),
      );
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, leave);
  const trim = await createTrim();
  if (trim !== undefined) keepTrimmed(trim, systemClock);
  logger.info('started', { ...sidecar.ports });
}

/**
 * What is said right before the end goes to standard error: it cannot wait, and on standard output a line may be half
 * written at that moment.
 */
function sayAtOnce(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody reads it, and there is nobody else to tell.
  }
}

/** A sidecar in an unknown state must not carry traffic: its container is started again. */
function endOnBrokenInvariants(logger: Logger): void {
  process.on('uncaughtException', (error) => fail(logger, 'broken invariant', error));
  process.on('unhandledRejection', (error) => fail(logger, 'broken invariant', error));
}

function fail(logger: Logger, message: string, error: unknown): never {
  const stack = error instanceof Error ? error.stack : undefined;
  logger.error(message, { error: messageOf(error), stack });
  process.exit(1);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(error instanceof WeftError ? 2 : 1);
});

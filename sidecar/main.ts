/**
 * `node main.ts CONFIG.json`: one sidecar until SIGTERM. Exits 0 after a drain, 1 when it cannot start or an invariant
 * broke (with a log line that says so), 2 when its configuration cannot be used.
 */
import { systemClock } from '#api/foundation/clock.ts';
import { messageOf, WeftError } from '#api/foundation/errors.ts';
import { createLogger, type Logger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { grpcTransport } from './discovery/grpc-transport.ts';
import { openFilesLimit } from './intercept/open-files.ts';
import { createOriginalDestinationReader } from './intercept/original-destination.ts';
import { createTrim, keepTrimmed } from './memory-trim.ts';
import { outputLines } from './output-lines.ts';
import { readSidecarConfig } from './read-config.ts';
import { startSidecar } from './sidecar.ts';

async function main(path: string | undefined): Promise<void> {
  if (path === undefined) throw new WeftError('SidecarUsage', 'usage: main.ts CONFIG.json');
  const config = await readSidecarConfig(path);
  const logger = createLogger({
    level: config.logLevel,
    write: (line) => process.stdout.write(line),
    wallMs: systemClock.wallMs,
    fields: { program: 'sidecar', pod: config.pod, namespace: config.namespace },
  });
  /** A reader of the log that went away is no reason to stop carrying traffic. */
  process.stdout.on('error', () => {});
  endOnBrokenInvariants(logger);
  let leave = (): void => {};
  const world = {
    transport: grpcTransport(config.discoveryAddress),
    originalDestination: await createOriginalDestinationReader(),
    clock: systemClock,
    random: systemRandom,
    logger,
    lines: outputLines(process.stdout),
    environment: process.env,
    openFiles: openFilesLimit(),
  };
  const sidecar = await startSidecar(config, world, () => leave());
  leave = (): void => {
    sidecar.drain().then(
      () => process.exit(0),
      (error: unknown) => fail(logger, 'drain failed', error),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, leave);
  const trim = await createTrim();
  if (trim !== undefined) keepTrimmed(trim, systemClock);
  logger.info('started', { ...sidecar.ports });
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

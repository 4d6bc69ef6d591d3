/**
 * `node main.ts CONFIG.json`: one sidecar until SIGTERM. Exits 0 after a drain, 1 when it cannot start or an invariant
 * broke (with a log line that says so), 2 when the configuration cannot be read.
 */
import { readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { systemClock } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { createLogger, type Logger } from '#api/foundation/logger.ts';
import { systemRandom } from '#api/foundation/random.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { grpcTransport } from './discovery/grpc-transport.ts';
import { createOriginalDestinationReader } from './intercept/original-destination.ts';
import { startSidecar } from './sidecar.ts';

const STDOUT = 1;

async function main(path: string | undefined): Promise<void> {
  const config = readConfig(path);
  const logger = createLogger({
    level: config.logLevel,
    write: (line) => writeSync(STDOUT, line),
    wallMs: systemClock.wallMs,
    fields: { program: 'sidecar', pod: config.pod, namespace: config.namespace },
  });
  endOnBrokenInvariants(logger);
  let leave = (): void => {};
  const world = {
    transport: grpcTransport(config.discoveryAddress),
    originalDestination: await createOriginalDestinationReader(),
    clock: systemClock,
    random: systemRandom,
    logger,
  };
  const sidecar = await startSidecar(config, world, () => leave());
  leave = (): void => {
    sidecar.drain().then(
      () => process.exit(0),
      (error: unknown) => fail(logger, 'drain failed', error),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, leave);
  logger.info('started', { ...sidecar.ports });
}

function readConfig(path: string | undefined): SidecarConfig {
  try {
    if (path === undefined) throw new Error('usage: main.ts CONFIG.json');
    const parsed = SidecarConfig.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
    throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(2);
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
  process.exit(1);
});

/**
 * The trace viewer as a program. It may be started by root, because what it is made of can lie where nobody else reads;
 * it gives that up before it listens to anybody. Logs go to standard error, one JSON object a line.
 */
import { systemClock } from '#api/foundation/clock.ts';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';
import { createLogger } from '#api/foundation/logger.ts';
import { readSettings, type Settings } from './settings.ts';
import { startTraceViewer } from './trace-viewer.ts';

const logger = createLogger({
  level: 'info',
  write: (line) => void process.stderr.write(line),
  wallMs: systemClock.wallMs,
  fields: { component: 'trace-viewer' },
});

function die(error: unknown): never {
  const remedy = error instanceof WeftError && error.remedy !== undefined ? `; ${error.remedy}` : '';
  const stack = error instanceof WeftError ? undefined : (error as Error | undefined)?.stack;
  logger.error(`${messageOf(error)}${remedy}`, { code: codeOf(error), stack });
  process.exit(codeOf(error) === 'Usage' ? 2 : 1);
}

function become({ uid, gid }: NonNullable<Settings['user']>): void {
  process.setgroups!([]);
  process.setgid!(gid);
  process.setuid!(uid);
}

async function run(): Promise<void> {
  const { user, ...addresses } = readSettings(process.argv.slice(2));
  if (user !== undefined) become(user);
  await startTraceViewer({ ...addresses, clock: systemClock, logger });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
await run().catch(die);

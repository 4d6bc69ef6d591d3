import { constants } from 'node:os';
import { abandonAll } from './workbench.ts';

/** However this program ends, no process and no file of it is left: also on Ctrl-C and when an error was not expected. */
export function leaveNothing(): void {
  process.on('exit', abandonAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { codeOf } from '#api/foundation/errors.ts';
import type { ContainerPaths } from './container-files.ts';

/** conmon's word for: close the log, and begin the file of that name anew. */
const REOPEN = '2 0 0\n';

/** Asks a container's monitor to open its log again. False: there is no monitor any more. */
export async function reopenLog({ control }: Pick<ContainerPaths, 'control'>): Promise<boolean> {
  try {
    const pipe = await open(control, constants.O_WRONLY | constants.O_NONBLOCK);
    await pipe.write(REOPEN).finally(() => pipe.close());
    return true;
  } catch (error) {
    if (['ENOENT', 'ENXIO'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

import type { Command } from 'commander';
import { needRoot } from '../mesh/need-root.ts';
import { purge, stopMesh } from '../mesh/stop-mesh.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly purge?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .option('--purge', 'remove the data too: objects, certificates, logs')
    .action((options: Options) => down(session, options));
}

async function down(session: Session, options: Options): Promise<void> {
  needRoot('down');
  const stopped = await stopMesh(session.dirs, await session.progress());
  if (options.purge) purge(session.dirs);
  const data = options.purge ? 'its data is gone' : `its data stays in ${session.dirs.dataDir}`;
  session.print(
    stopped ? `The mesh is down; ${data}.\n` : `No mesh was up${options.purge ? `; ${data}` : ''}.\n`,
  );
}

import type { Command } from 'commander';
import { installMissing } from '../mesh/ensure-host.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: Session): void {
  command
    .addHelpText(
      'after',
      '\nInstalls what is missing and nothing else, with the package manager of Debian, Ubuntu, Fedora or\nAlpine and their relatives. weft up and weft demo do it by themselves.',
    )
    .action(() => setup(session));
}

async function setup(session: Session): Promise<void> {
  const installed = await installMissing(await session.progress());
  session.print(
    installed.length === 0
      ? 'This host has every package that weft needs.\n'
      : 'Installed. See also: weft doctor\n',
  );
}

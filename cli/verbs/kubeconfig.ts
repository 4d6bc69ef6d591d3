import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { formatKubeconfig } from '../connection/kubeconfig.ts';
import { serverAddress } from '../connection/server-address.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly file?: string;
}

export function define(command: Command, session: Session): void {
  command
    .option('-w, --file <file>', 'write it there (mode 0600) instead of printing it')
    .addHelpText(
      'after',
      '\nFor example: weft kubeconfig -w ~/.kube/weft && KUBECONFIG=~/.kube/weft kubectl get pods',
    )
    .action((options: Options) => kubeconfig(session, options));
}

async function kubeconfig(session: Session, options: Options): Promise<void> {
  const mesh = await session.mesh();
  const text = formatKubeconfig(mesh.id, await serverAddress({ env: {}, mesh: session.mesh }));
  if (options.file === undefined) return session.print(text);
  writeFileSync(options.file, text, { mode: 0o600 });
  session.print(`wrote ${options.file}\n`);
}

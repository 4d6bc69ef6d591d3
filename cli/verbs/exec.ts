import type { Command } from 'commander';
import { serverAddress } from '../connection/server-address.ts';
import { runInContainer } from '../exec/run-in-container.ts';
import { UsageError } from '../failure.ts';
import { appContainer, podFor } from '../resources/pods.ts';
import { namespaceOption } from '../resources/selection.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly namespace?: string;
  readonly container?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('<pod>', 'POD · deployment/NAME (its first pod)')
    .argument('[command...]', 'what to run, after --')
    .option('-c, --container <name>', 'in this container')
    .option('-i, --stdin', 'pass standard input on')
    .option('-t, --tty', 'with a terminal')
    .addHelpText(
      'after',
      '\nThe exit code is that of the command. What comes after -- is its own. For example:\n  weft exec deployment/web -c app -- ls -l',
    )
    .action((pod: string, argv: string[], options: Options) => exec(session, pod, argv, options));
}

async function exec(
  session: Session,
  word: string,
  argv: readonly string[],
  options: Options,
): Promise<void> {
  if (argv.length === 0) throw new UsageError('say what to run', 'for example: weft exec POD -- env');
  const namespace = options.namespace ?? 'default';
  const pod = await podFor(await session.client(), namespace, [word]);
  const code = await runInContainer(
    await serverAddress(session),
    {
      namespace,
      pod: pod.metadata.name,
      container: options.container ?? appContainer(pod),
      argv,
      tty: options.tty ?? false,
    },
    {
      stdin: options.stdin ? session.stdin : undefined,
      stdout: session.stdout,
      stderr: session.stderr,
      signal: session.signal,
    },
  );
  session.exit(code);
}

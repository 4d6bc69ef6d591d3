import type { Command } from 'commander';
import { Deployment } from '#api/kinds/deployment.ts';
import { UsageError } from '../failure.ts';
import { namespaceOption } from '../resources/selection.ts';
import { oneTarget } from '../resources/targets.ts';
import { awaitDeployment, rolloutOf } from '../rollout/deployment.ts';
import { parseSeconds } from '../rollout/timeout.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly namespace?: string;
  readonly timeout: string;
  readonly watch: boolean;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command.command('status'))
    .description('wait until a deployment is rolled out, and say how it gets on')
    .argument('<deployment...>', 'NAME, deployment NAME or deployment/NAME')
    .option('--timeout <duration>', 'give up after this', '10m')
    .option('--no-watch', 'say how it stands and return')
    .action((words: string[], options: Options) => status(session, words, options));
}

async function status(session: Session, words: readonly string[], options: Options): Promise<void> {
  const { kind, name } = oneTarget(words, Deployment);
  if (kind.kind !== 'Deployment')
    throw new UsageError(`${kind.plural} are not rolled out`, 'name a deployment');
  const client = await session.client();
  const namespace = options.namespace ?? 'default';
  if (!options.watch) {
    const deployment = await client.get(Deployment, namespace, name);
    if (deployment === undefined)
      throw new UsageError(`there is no deployment "${name}" in the namespace ${namespace}`);
    session.print(`${rolloutOf(deployment).message}\n`);
    return;
  }
  const message = await awaitDeployment(
    client,
    { namespace, name },
    {
      timeoutSeconds: parseSeconds(options.timeout),
      signal: session.signal,
      onProgress: (text) => session.print(`Waiting for deployment "${name}": ${text} ...\n`),
    },
  );
  session.print(`${message}\n`);
}

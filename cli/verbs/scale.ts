import type { Command } from 'commander';
import { Deployment } from '#api/kinds/deployment.ts';
import { UsageError } from '../failure.ts';
import { nameOf } from '../output/objects.ts';
import { namespaceOption } from '../resources/selection.ts';
import { oneTarget } from '../resources/targets.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly namespace?: string;
  readonly replicas: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('<what...>', 'deployment NAME · deployment/NAME · replicaset/NAME')
    .requiredOption('--replicas <count>', 'how many')
    .action((words: string[], options: Options) => scale(session, words, options));
}

async function scale(session: Session, words: readonly string[], options: Options): Promise<void> {
  const { kind, name } = oneTarget(words, Deployment);
  if (!kind.subresources.includes('scale')) throw new UsageError(`${kind.plural} cannot be scaled`);
  const replicas = Number(options.replicas);
  if (!/^\d{1,6}$/.test(options.replicas))
    throw new UsageError(`--replicas is a count, not "${options.replicas}"`);
  const client = await session.client();
  const patch = { spec: { replicas } };
  await client.patch(kind, options.namespace ?? 'default', name, patch, { subresource: 'scale' });
  session.print(`${nameOf(kind, { apiVersion: '', kind: '', metadata: { name } })} scaled\n`);
}

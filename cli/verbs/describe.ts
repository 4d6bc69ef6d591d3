import type { Command } from 'commander';
import { WeftError } from '#api/foundation/errors.ts';
import { Event } from '#api/kinds/event.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject, Stored } from '#api/kinds/meta.ts';
import { describeObject } from '../describe/describe-object.ts';
import { eventLines } from '../describe/events.ts';
import { namespaceOption } from '../resources/selection.ts';
import { parseTargets } from '../resources/targets.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly namespace?: string;
  readonly selector?: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('<what...>', 'pod NAME · pod/NAME · pods -l app=web')
    .option('-l, --selector <labels>', 'every one with these labels')
    .action((words: string[], options: Options) => describe(session, words, options));
}

async function describe(session: Session, words: readonly string[], options: Options): Promise<void> {
  const client = await session.client();
  const namespace = options.namespace ?? 'default';
  const texts: string[] = [];
  for (const { kind, name } of parseTargets(words)) {
    const selection = { namespace: kind.namespaced ? namespace : undefined, labelSelector: options.selector };
    const objects =
      name === undefined
        ? (await client.list<KubeObject>(kind, selection)).items
        : [await named(session, kind, namespace, name)];
    for (const object of objects) {
      const events = (
        await client.list(Event, { namespace: object.metadata.namespace, fieldSelector: about(object) })
      ).items;
      texts.push(describeObject(kind, object, session.nowMs()) + eventLines(events, session.nowMs()));
    }
  }
  if (texts.length === 0) session.warn('No resources found.\n');
  session.print(texts.join('\n\n'));
}

async function named(
  session: Session,
  kind: AnyKind,
  namespace: string,
  name: string,
): Promise<Stored<KubeObject>> {
  const object = await (await session.client()).get<KubeObject>(kind, namespace, name);
  if (object === undefined) throw new WeftError('NotFound', `not found: ${kind.singular} "${name}"`);
  return object;
}

function about({ metadata: { name, uid } }: Stored<KubeObject>): string {
  return `involvedObject.name=${name},involvedObject.uid=${uid}`;
}

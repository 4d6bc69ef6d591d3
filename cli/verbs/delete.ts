import type { Command } from 'commander';
import type { HttpClient } from '#api/client/http-client.ts';
import { WeftError } from '#api/foundation/errors.ts';
import type { AnyKind } from '#api/kinds/kind.ts';
import type { KubeObject } from '#api/kinds/meta.ts';
import { UsageError } from '../failure.ts';
import { nameOf } from '../output/objects.ts';
import { placed } from '../resources/apply.ts';
import { awaitGone } from '../resources/gone.ts';
import { loadManifests } from '../resources/manifests.ts';
import { collect, type NamespaceOptions, namespaceOf, namespaceOption } from '../resources/selection.ts';
import { parseTargets } from '../resources/targets.ts';
import { parseSeconds } from '../rollout/timeout.ts';
import type { Session } from '../session.ts';

interface Options extends NamespaceOptions {
  readonly filename?: readonly string[];
  readonly selector?: string;
  readonly all?: boolean;
  readonly ignoreNotFound?: boolean;
  readonly wait: boolean;
  readonly timeout: string;
  readonly gracePeriod?: string;
  readonly recursive?: boolean;
}

/** One object to delete. */
interface Victim {
  readonly kind: AnyKind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid?: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('[what...]', 'pod NAME · pod/NAME · pods -l app=web · pods --all')
    .option('-A, --all-namespaces', 'of every namespace (with -l or --all)')
    .option('-f, --filename <file>', 'what the file, directory or - names; may be repeated', collect)
    .option('-R, --recursive', 'directories with everything below')
    .option('-l, --selector <labels>', 'every one with these labels')
    .option('--all', 'every one of the kind')
    .option('--ignore-not-found', 'what does not exist is no failure')
    .option('--grace-period <seconds>', 'how long containers may take to stop')
    .option('--no-wait', 'return before they are gone')
    .option('--timeout <duration>', 'how long to wait', '60s')
    .action((words: string[], options: Options) => remove(session, words, options));
}

async function remove(session: Session, words: readonly string[], options: Options): Promise<void> {
  const client = await session.client();
  const victims = await victimsOf(client, words, options);
  if (victims.length === 0) session.warn('No resources found.\n');
  const missing: string[] = [];
  const gone: Victim[] = [];
  for (const victim of victims) {
    if (await removeOne(client, victim, options)) gone.push(victim);
    else missing.push(`${victim.kind.singular} "${victim.name}"`);
  }
  for (const victim of gone) {
    if (options.wait) await awaitGone(client, victim, parseSeconds(options.timeout), session.signal);
    session.print(
      `${nameOf(victim.kind, { apiVersion: '', kind: '', metadata: { name: victim.name } })} deleted\n`,
    );
  }
  if (missing.length > 0 && !options.ignoreNotFound)
    throw new WeftError('NotFound', `not found: ${missing.join(', ')}`);
}

async function victimsOf(client: HttpClient, words: readonly string[], options: Options): Promise<Victim[]> {
  if (options.filename !== undefined) {
    if (words.length > 0) throw new UsageError('say either -f or what to delete, not both');
    return loadManifests(options.filename, options.recursive)
      .map((manifest) => placed(manifest, options.namespace))
      .map(({ kind, object: { metadata } }) => ({
        kind,
        namespace: metadata.namespace,
        name: metadata.name!,
      }))
      .reverse();
  }
  const targets = parseTargets(words);
  const namespace = namespaceOf(options);
  if (targets.every((target) => target.name !== undefined)) {
    if (namespace === undefined)
      throw new UsageError('an object is named within a namespace', 'leave out -A');
    return targets.map(({ kind, name }) => ({
      kind,
      namespace: kind.namespaced ? namespace : undefined,
      name: name!,
    }));
  }
  if (options.selector === undefined && !options.all)
    throw new UsageError('say which: a name, -l LABELS or --all');
  const lists = targets.map(({ kind }) =>
    client.list<KubeObject>(kind, { namespace, labelSelector: options.selector }),
  );
  return (await Promise.all(lists)).flatMap(({ items }, i) =>
    items.map(({ metadata: { namespace, name, uid } }) => ({ kind: targets[i]!.kind, namespace, name, uid })),
  );
}

function removeOne(
  client: HttpClient,
  { kind, namespace, name, uid }: Victim,
  options: Options,
): Promise<boolean> {
  const grace = options.gracePeriod === undefined ? undefined : Number(options.gracePeriod);
  if (grace !== undefined && !(Number.isInteger(grace) && grace >= 0))
    throw new UsageError('--grace-period is a number of seconds');
  return client.delete(kind, namespace, name, {
    propagationPolicy: 'Background',
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(uid !== undefined && { uid }),
  });
}

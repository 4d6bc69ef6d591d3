import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { PodLogQuery } from '#api/client/http-client.ts';
import { parseDuration } from '#api/foundation/duration.ts';
import { UsageError } from '../failure.ts';
import { appContainer, podFor, podsWith } from '../resources/pods.ts';
import { namespaceOption } from '../resources/selection.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly namespace?: string;
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly selector?: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .argument('[what...]', 'POD · pod/POD · deployment/NAME (its first pod)')
    .option('-c, --container <name>', 'of this container (istio-proxy is the sidecar)')
    .option('-f, --follow', 'go on with every new line')
    .option('-p, --previous', 'of the run before the last restart')
    .option('--timestamps', 'with the time of every line')
    .option('--tail <lines>', 'the last lines only')
    .option('--since <duration>', 'not older than this, such as 5m')
    .option('-l, --selector <labels>', 'of every pod with these labels, each line with its pod')
    .action((words: string[], options: Options) => logs(session, words, options));
}

async function logs(session: Session, words: readonly string[], options: Options): Promise<void> {
  const client = await session.client();
  const namespace = options.namespace ?? 'default';
  const query = queryOf(options);
  if (options.selector !== undefined) {
    if (words.length > 0) throw new UsageError('say either a pod or -l, not both');
    const pods = await podsWith(client, namespace, options.selector);
    await Promise.all(
      pods.map(async (pod) => {
        const container = options.container ?? appContainer(pod);
        const log = await client.podLogs(namespace, pod.metadata.name, { ...query, container });
        await printPrefixed(session, `[${pod.metadata.name}/${container}] `, log);
      }),
    );
    return;
  }
  const pod = await podFor(client, namespace, words);
  const container = options.container ?? appContainer(pod);
  const log = await client.podLogs(namespace, pod.metadata.name, { ...query, container });
  await untilInterrupted(session, log, pipeline(log, session.stdout, { end: false }));
}

function queryOf(options: Options): PodLogQuery {
  const sinceMs = options.since === undefined ? undefined : parseDuration(options.since);
  if (options.since !== undefined && sinceMs === undefined)
    throw new UsageError(`"${options.since}" is not a duration`, 'write for example 5m');
  if (options.tail !== undefined && !/^-?\d{1,9}$/.test(options.tail))
    throw new UsageError('--tail is a number of lines');
  const tail = options.tail === undefined ? -1 : Number(options.tail);
  return {
    follow: options.follow,
    previous: options.previous,
    timestamps: options.timestamps,
    tailLines: tail < 0 ? undefined : tail,
    sinceSeconds: sinceMs === undefined ? undefined : Math.ceil(sinceMs / 1000),
  };
}

async function printPrefixed(session: Session, prefix: string, log: Readable): Promise<void> {
  const print = async (): Promise<void> => {
    for await (const line of createInterface({ input: log, crlfDelay: Number.POSITIVE_INFINITY }))
      session.print(`${prefix}${line}\n`);
  };
  await untilInterrupted(session, log, print());
}

/** Ctrl-C ends a followed log, and that is no failure. */
async function untilInterrupted(session: Session, log: Readable, printing: Promise<void>): Promise<void> {
  session.signal.addEventListener('abort', () => log.destroy(), { once: true });
  try {
    await printing;
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
}

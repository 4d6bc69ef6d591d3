import { Argument, type Command } from 'commander';
import type { Client } from '#api/client/client.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { formatData } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { printConfig, SECTIONS, type Section } from '../proxy/config-tables.ts';
import { dataFormat } from '../proxy/data-format.ts';
import { readProxies, statusRows } from '../proxy/status-table.ts';
import { podFor } from '../resources/pods.ts';
import { namespaceOption } from '../resources/selection.ts';
import type { Session } from '../session.ts';

interface StatusOptions {
  readonly output?: string;
}

interface ConfigOptions {
  readonly namespace?: string;
  readonly output?: string;
}

export function define(command: Command, session: Session): void {
  command
    .command('status')
    .description('every sidecar: connected since when, what of each resource type it runs, refusals')
    .option('-o, --output <format>', 'json | yaml')
    .action((options: StatusOptions) => status(session, options));
  namespaceOption(command.command('config'))
    .description('what a sidecar runs')
    .argument('<pod>', 'POD · deployment/NAME (its first pod)')
    .addArgument(new Argument('[section]', 'one part of it').choices(SECTIONS))
    .option('-o, --output <format>', "json | yaml: as the sidecar says it, in Envoy's form")
    .action((pod: string, section: Section | undefined, options: ConfigOptions) =>
      config(session, pod, section, options),
    );
}

async function status(session: Session, options: StatusOptions): Promise<void> {
  const format = dataFormat(options.output);
  const proxies = await readProxies(await session.client());
  if (format !== undefined) return session.print(formatData(proxies, format));
  if (proxies.length === 0) return session.warn('No sidecar is connected.\n');
  const { headers, rows, refusals } = statusRows(proxies, session.nowMs());
  session.print(formatTable(headers, rows));
  for (const line of refusals) session.print(`${line}\n`);
}

async function config(
  session: Session,
  word: string,
  section: Section | undefined,
  options: ConfigOptions,
): Promise<void> {
  const format = dataFormat(options.output);
  const client = await session.client();
  const { metadata } = await podOf(client, word, options.namespace);
  const path = `/weft/v1/proxyconfig/${encodeURIComponent(metadata.namespace ?? '')}/${encodeURIComponent(metadata.name)}`;
  const dump = await client.request('GET', path);
  session.print(printConfig(dump, section, format));
}

/** `weft proxy status` names pods as istioctl does, `POD.NAMESPACE`; a pod's own name may have dots too. */
async function podOf(client: Client, word: string, namespace: string | undefined): Promise<Stored<Pod>> {
  const [, name, home] = /^([^/]+)\.([^./]+)$/.exec(word) ?? [];
  try {
    return await podFor(client, namespace ?? 'default', [word]);
  } catch (error) {
    if (namespace !== undefined || name === undefined || home === undefined) throw error;
    return podFor(client, home, [name]).catch(() => {
      throw error;
    });
  }
}

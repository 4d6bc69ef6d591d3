import type { Command } from 'commander';
import { EXIT } from '../failure.ts';
import { formatData } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { dataFormat } from '../proxy/data-format.ts';
import { placed } from '../resources/apply.ts';
import { analyze as analyzed } from '../resources/findings.ts';
import { loadManifests } from '../resources/manifests.ts';
import { collect, namespaceOption } from '../resources/selection.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly recursive?: boolean;
  readonly output?: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .option(
      '-f, --filename <file>',
      'as if these were applied; may be repeated, - is standard input',
      collect,
    )
    .argument('[file...]', 'more files')
    .option('-R, --recursive', 'directories with everything below')
    .option('-o, --output <format>', 'json | yaml')
    .action((more: string[], options: Options) =>
      analyze(session, { ...options, filename: [...(options.filename ?? []), ...more] }),
    );
}

/** Exits 1 when there is something to mend, as a check in CI needs it. */
async function analyze(session: Session, options: Options & { filename: readonly string[] }): Promise<void> {
  const format = dataFormat(options.output);
  const manifests = options.filename.length === 0 ? [] : loadManifests(options.filename, options.recursive);
  const objects = manifests.map((manifest) => placed(manifest, options.namespace).object);
  const client = await session.client();
  const findings = await analyzed(client, objects);
  if (findings.length > 0) session.exit(EXIT.failed);
  if (format !== undefined) return session.print(formatData(findings, format));
  if (findings.length === 0) return session.print('Nothing is wrong.\n');
  const rows = findings.map(({ object, reason, message }) => [object, reason, message]);
  session.print(formatTable(['Object', 'Reason', 'Message'], rows));
}

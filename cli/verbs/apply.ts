import type { Command } from 'commander';
import { compareVersions } from '#api/client/resource-version.ts';
import { UsageError } from '../failure.ts';
import { nameOf } from '../output/objects.ts';
import { type Applied, applyManifest, inOrder, placed } from '../resources/apply.ts';
import { findingsOn } from '../resources/findings.ts';
import { loadManifests } from '../resources/manifests.ts';
import { collect, namespaceOption } from '../resources/selection.ts';
import { awaitDeployment } from '../rollout/deployment.ts';
import { awaitLive } from '../rollout/live.ts';
import { parseSeconds } from '../rollout/timeout.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly filename: readonly string[];
  readonly namespace?: string;
  readonly recursive?: boolean;
  readonly dryRun?: string | boolean;
  readonly wait?: boolean;
  readonly timeout: string;
}

export function define(command: Command, session: Session): void {
  namespaceOption(command)
    .requiredOption(
      '-f, --filename <file>',
      'a file, a directory, or - for standard input; may be repeated',
      collect,
    )
    .argument('[file...]', 'more files')
    .option('-R, --recursive', 'directories with everything below')
    .option('--dry-run [client|server]', 'say what would happen (server: asked of the API server)')
    .option('--wait', 'return when every affected sidecar runs it and every deployment is rolled out')
    .option('--timeout <duration>', 'how long --wait waits', '60s')
    .action(async (more: string[], options: Options) => {
      await apply(session, { ...options, filename: [...options.filename, ...more] });
    });
}

async function apply(session: Session, options: Options): Promise<void> {
  const dryRun = dryRunOf(options.dryRun);
  const timeoutSeconds = parseSeconds(options.timeout);
  const manifests = inOrder(loadManifests(options.filename, options.recursive)).map((m) =>
    placed(m, options.namespace),
  );
  if (dryRun === 'client') {
    for (const { kind, object } of manifests)
      session.print(`${nameOf(kind, object)} is valid (client dry run)\n`);
    return;
  }
  const client = await session.client();
  const done: Applied[] = [];
  for (const manifest of manifests) {
    const applied = await applyManifest(client, manifest, { dryRun: dryRun === 'server' });
    done.push(applied);
    const suffix = dryRun === 'server' ? ' (server dry run)' : '';
    session.print(`${nameOf(manifest.kind, manifest.object)} ${applied.outcome}${suffix}\n`);
  }
  if (options.wait && dryRun === 'none') await waitFor(session, done, timeoutSeconds);
}

async function waitFor(session: Session, done: readonly Applied[], timeoutSeconds: number): Promise<void> {
  const client = await session.client();
  for (const { manifest, object } of done.filter((applied) => applied.manifest.kind.kind === 'Deployment')) {
    await awaitDeployment(
      client,
      { namespace: object.metadata.namespace!, name: object.metadata.name },
      {
        timeoutSeconds,
        signal: session.signal,
        onProgress: (text) => session.warn(`${nameOf(manifest.kind, object)}: ${text}\n`),
      },
    );
  }
  const versions = done.map(({ object }) => object.metadata.resourceVersion).sort(compareVersions);
  const live = await awaitLive(client, versions.at(-1)!, timeoutSeconds);
  session.print(`${live}\n`);
  for (const line of await findingsOn(client, done)) session.warn(`warning: ${line}\n`);
}

function dryRunOf(value: string | boolean | undefined): 'none' | 'client' | 'server' {
  if (value === undefined || value === 'none') return 'none';
  if (value === true || value === 'server') return 'server';
  if (value === 'client') return 'client';
  throw new UsageError(`--dry-run is client or server, not "${value}"`);
}

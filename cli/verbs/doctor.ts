import type { Command } from 'commander';
import { codeOf } from '#api/foundation/errors.ts';
import { configuredAddons } from '../addons/addons.ts';
import { checkAddons } from '../addons/check-addons.ts';
import { EXIT } from '../failure.ts';
import { checkHost } from '../host/check-host.ts';
import type { HostCheck } from '../host/host-check.ts';
import { findDaemons } from '../mesh/daemons.ts';
import { formatData } from '../output/objects.ts';
import type { Style } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { dataFormat } from '../proxy/data-format.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly output?: string;
}

export function define(command: Command, session: Session): void {
  command
    .option('-o, --output <format>', 'json | yaml')
    .addHelpText('after', '\nChanges nothing. The exit code is 1 when something is missing.')
    .action((options: Options) => doctor(session, options));
}

async function doctor(session: Session, options: Options): Promise<void> {
  const format = dataFormat(options.output);
  const checks = [...(await checkHost(await portsToTake(session))), ...(await checkAddons(session))];
  session.print(format === undefined ? formatChecks(checks, session.style) : formatData(checks, format));
  if (checks.some((check) => check.state === 'missing')) session.exit(EXIT.failed);
}

/** The ports of the configured mesh, which must be free unless it runs and holds them itself. */
async function portsToTake(session: Session): Promise<number[]> {
  if (findDaemons(session.dirs).length > 0) return [];
  try {
    const config = await session.mesh();
    const addons = configuredAddons(config).flatMap((addon) => addon.ports(config));
    return [config.apiPort, config.xdsPort, config.monitoringPort, config.nodeMetricsPort, ...addons];
  } catch (error) {
    if (codeOf(error) === 'MeshNotConfigured') return [];
    throw error;
  }
}

function formatChecks(checks: readonly HostCheck[], style: Style): string {
  const marks = { ok: style.green('✓'), warn: style.yellow('!'), missing: style.red('✗') };
  const rows = checks.map((check) => [
    `${marks[check.state]} ${check.name}`,
    check.found,
    check.remedy ?? '',
  ]);
  const missing = checks.filter((check) => check.state === 'missing').length;
  const verdict =
    missing === 0
      ? 'This host can run a mesh.'
      : `${missing} thing${missing === 1 ? ' is' : 's are'} missing.`;
  return `${formatTable([], rows, { trusted: true })}\n${verdict}\n`;
}

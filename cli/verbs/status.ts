import type { Command } from 'commander';
import type { HttpClient } from '#api/client/http-client.ts';
import { codeOf, messageOf } from '#api/foundation/errors.ts';
import { isReady, Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { podReason } from '#api/kinds/pod-columns.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { configuredAddons } from '../addons/addons.ts';
import { EXIT } from '../failure.ts';
import { type Daemon, findDaemons, logOf, type Program, programsOf, restartsOf } from '../mesh/daemons.ts';
import { formatData } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
import { dataFormat } from '../proxy/data-format.ts';
import { readProxies } from '../proxy/status-table.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly output?: string;
}

interface ProgramState {
  readonly program: Program;
  readonly running: boolean;
  readonly pid: number | undefined;
  readonly kept: boolean;
  readonly restarts: number;
  readonly log: string;
}

interface MeshState {
  readonly id: string;
  readonly up: boolean;
  readonly api: string;
  readonly programs: readonly ProgramState[];
  /** Where the pages of the addons are. */
  readonly addons: readonly { readonly name: string; readonly title: string; readonly url: string }[];
  readonly nodes?: readonly { readonly name: string; readonly ready: boolean }[];
  readonly pods?: Readonly<Record<string, number>>;
  readonly sidecars?: number;
  /** Why the API could not be asked. */
  readonly problem?: string;
}

export function define(command: Command, session: Session): void {
  command
    .option('-o, --output <format>', 'json | yaml')
    .addHelpText('after', '\nThe exit code is 0 when everything runs, else 1.')
    .action((options: Options) => status(session, options));
}

async function status(session: Session, options: Options): Promise<void> {
  const format = dataFormat(options.output);
  const state = await readState(session, await session.mesh());
  session.print(format === undefined ? formatState(session, state) : formatData(state, format));
  if (!state.up) session.exit(EXIT.failed);
}

async function readState(session: Session, config: MeshConfig): Promise<MeshState> {
  const programs = programStates(config, findDaemons(config));
  const base = {
    id: config.id,
    api: `https://127.0.0.1:${config.apiPort}`,
    programs,
    addons: addonsOf(config),
  };
  try {
    const live = await readLive(await session.client());
    const nodesReady = live.nodes.length > 0 && live.nodes.every((node) => node.ready);
    const up = nodesReady && programs.every((program) => program.running);
    return { ...base, up, ...live };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return { ...base, up: false, problem: messageOf(error) };
  }
}

function programStates(config: MeshConfig, daemons: readonly Daemon[]): ProgramState[] {
  return programsOf(config).map((program) => {
    const own = daemons.filter((daemon) => daemon.program === program);
    const process = own.find((daemon) => daemon.role === 'program');
    return {
      program,
      running: process !== undefined,
      pid: process?.pid,
      kept: own.some((daemon) => daemon.role === 'keeper'),
      restarts: restartsOf(config, program),
      log: logOf(config, program),
    };
  });
}

function addonsOf(config: MeshConfig): MeshState['addons'] {
  return configuredAddons(config).map(({ name, title, url }) => ({ name, title, url: url(config) }));
}

async function readLive(client: HttpClient) {
  const [nodes, pods, proxies] = await Promise.all([
    client.list(Node),
    client.list(Pod),
    readProxies(client),
  ]);
  const counts: Record<string, number> = {};
  for (const pod of pods.items) counts[podReason(pod)] = (counts[podReason(pod)] ?? 0) + 1;
  return {
    nodes: nodes.items.map((node) => ({ name: node.metadata.name, ready: isReady(node) })),
    pods: counts,
    sidecars: proxies.length,
  };
}

function formatState({ style }: Session, state: MeshState): string {
  const dot = (good: boolean): string => (good ? style.green('●') : style.red('●'));
  const rows = state.programs.map((program) => [
    `${dot(program.running)} ${program.program}`,
    program.running ? 'running' : 'stopped',
    program.pid === undefined ? '-' : String(program.pid),
    String(program.restarts),
    program.kept ? 'yes' : 'no',
    program.log,
  ]);
  const table = formatTable(['  Program', 'Status', 'PID', 'Restarts', 'Kept', 'Log'], rows, {
    trusted: true,
  });
  if (state.problem !== undefined) return `${table}\n${dot(false)} ${state.problem}\n`;
  const nodes = (state.nodes ?? [])
    .map(({ name, ready }) => `${name} ${ready ? 'ready' : 'not ready'}`)
    .join(', ');
  const pods = Object.entries(state.pods ?? {})
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
  const addons = state.addons.map(({ title, url }) => `${title.padEnd(11)}${url}\n`).join('');
  return `${table}\nAPI        ${state.api}\nNodes      ${nodes || 'none'}\nPods       ${pods || 'none'}\nSidecars   ${state.sidecars} connected\n${addons}`;
}

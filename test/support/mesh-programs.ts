import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { overlaps, parseCidr } from '#cli/mesh/cidr.ts';
import { parseRoutes } from '#cli/mesh/host-use.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export type Program = 'control-plane' | 'node-runtime';

/** Ranges for this many meshes at a time: pods in 10.(120+k), services in 10.(180+k). */
const SLOTS = 60;

/** A short id, and address ranges that nobody on this machine uses: meshes that run beside each other must not meet. */
export async function freshConfig(): Promise<MeshConfig> {
  const slot = freeSlot((process.pid * 7 + Math.floor(performance.now())) % SLOTS);
  const id = `t${slot}${(process.pid % 1296).toString(36)}`;
  const directory = `/tmp/weft-test/${id}`;
  const [apiPort, xdsPort, monitoringPort, nodeMetricsPort] = await freePorts(4);
  return MeshConfig.parse({
    id,
    dataDir: `${directory}/data`,
    runDir: `${directory}/run`,
    nodeName: `node-${id}`,
    ...rangesOf(slot),
    apiPort,
    xdsPort,
    monitoringPort,
    nodeMetricsPort,
  });
}

function rangesOf(slot: number): { podCidr: string; serviceCidr: string } {
  return { podCidr: `10.${120 + slot}.0.0/16`, serviceCidr: `10.${180 + slot}.0.0/16` };
}

function freeSlot(first: number): number {
  const used = parseRoutes(readFileSync('/proc/net/route', 'utf8'));
  const isFree = (slot: number): boolean =>
    Object.values(rangesOf(slot)).every((range) => !used.some((route) => overlaps(route, parseCidr(range)!)));
  const slots = Array.from({ length: SLOTS }, (_, i) => (first + i) % SLOTS);
  const free = slots.find(isFree);
  if (free === undefined) throw new Error('every address range for test meshes is in use: ip route');
  return free;
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

export function launch(program: Program, config: MeshConfig): ChildProcess {
  return spawnProgram(
    program,
    config,
    process.env['WEFT_TEST_DEBUG'] && program === 'node-runtime' ? ['--debug'] : [],
  );
}

export function spawnProgram(program: Program, config: MeshConfig, more: readonly string[]): ChildProcess {
  const log = openSync(logPath(program, config), 'a');
  const child = spawn(
    process.execPath,
    [join(ROOT, program, 'main.ts'), '--config', pathsOf(config).config, ...more],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return child;
}

export function finished(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

function logPath(program: Program, config: MeshConfig): string {
  const paths = pathsOf(config);
  return program === 'control-plane' ? paths.controlPlaneLog : paths.nodeRuntimeLog;
}

export function logs(config: MeshConfig): string {
  return (['control-plane', 'node-runtime'] as const)
    .map((program) => {
      try {
        const lines = readFileSync(logPath(program, config), 'utf8').trim().split('\n').slice(-15);
        return `--- ${program}\n${lines.join('\n')}`;
      } catch {
        return `--- ${program}: no log`;
      }
    })
    .join('\n');
}

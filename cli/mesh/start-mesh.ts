/** Starts a mesh, or finds that it runs, and waits until it serves. */
import { existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import type { HttpClient } from '#api/client/http-client.ts';
import { clientFromMesh } from '#api/client/http-client.ts';
import { isUnreachable } from '#api/client/transport-errors.ts';
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import { isReady, Node } from '#api/kinds/node.ts';
import { Pod } from '#api/kinds/pod.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { configuredAddons } from '../addons/addons.ts';
import { type AskedAddons, chooseAddons } from '../addons/choose-addons.ts';
import { checkAddonPorts, installForAddons, startAddons } from '../addons/start-addons.ts';
import type { Progress, Step } from '../output/progress.ts';
import type { Directories } from '../session.ts';
import type { Overrides } from './choose-config.ts';
import { type Cidr, overlaps, parseCidr } from './cidr.ts';
import { settleAddons, settleConfig, tailOf } from './config-file.ts';
import {
  type Daemon,
  findDaemons,
  logOf,
  PROGRAMS,
  type Program,
  restartPrograms,
  restartsOf,
  startDaemon,
  stopDaemons,
} from './daemons.ts';
import { freeNear, holderOf, type Route, readListeners, readRoutes } from './host-use.ts';

export interface Started {
  readonly config: MeshConfig;
  /** False when everything ran already. */
  readonly fresh: boolean;
}

/** A program that the keeper had to start again this often while it was waited for will not come. */
const HOPELESS_RESTARTS = 3;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const LOG_LINES = 8;

/** Store, logs and compiled programs of a small mesh. Less, and programs would end without room to say why. */
const LEAST_DISK_BYTES = 16 << 20;

/** Throws a WeftError: `DiskFull`, `PortTaken`, `RangeTaken`, `MeshFixed`, `ProgramFailed` with the end of its log, `NotReady`. */
export async function startMesh(
  dirs: Directories,
  overrides: Overrides,
  asked: AskedAddons,
  progress: Progress,
  signal: AbortSignal,
): Promise<Started> {
  const all = findDaemons(dirs);
  const running = all.filter(({ program }) => isOneOf(PROGRAMS, program));
  if (all.length === 0) checkDisk(dirs.dataDir);
  const config = await withAddons(settleConfig(dirs, overrides, all.length > 0), asked, all, progress);
  const missing = PROGRAMS.filter(
    (program) => !running.some((d) => d.program === program && d.role === 'keeper'),
  );
  if (missing.length === PROGRAMS.length && running.length === 0) checkRoom(config);
  const orphaned = running.some(({ program }) => isOneOf(missing, program));
  if (orphaned) await stopDaemons(config, STOP_ORPHANS_MS, PROGRAMS);
  const toStart = orphaned ? PROGRAMS : missing;
  const podsFrom = podsSurvive(config) ? undefined : Date.now();
  for (const program of toStart) startDaemon(config, program);
  try {
    await ready(config, podsFrom, progress, signal);
  } catch (error) {
    // A start that failed leaves nothing half started; what ran before goes on.
    if (toStart.length === PROGRAMS.length) await stopDaemons(config, STOP_ORPHANS_MS, PROGRAMS);
    throw error;
  }
  const addonsStarted = await startAddons(config, progress, signal);
  return { config, fresh: toStart.length > 0 || addonsStarted };
}

/** Configured, with room and installed, before anything starts: what fails here has changed nothing. */
async function withAddons(
  config: MeshConfig,
  asked: AskedAddons,
  running: readonly Daemon[],
  progress: Progress,
): Promise<MeshConfig> {
  const listening = new Set(readListeners().map(({ port }) => port));
  const names = new Set(running.map(({ program }) => program));
  const next = { ...config, addons: chooseAddons(config, asked, names, listening) };
  checkAddonPorts(next, running);
  await installForAddons(next, progress);
  const settled = settleAddons(config, next.addons);
  const gone = configuredAddons(config).filter(({ name }) => settled.addons[name] === undefined);
  for (const { name, title } of gone)
    await progress.run(`stopping ${title}`, () => stopDaemons(settled, STOP_ORPHANS_MS, [name]));
  const added = configuredAddons(settled).filter(({ name }) => config.addons[name] === undefined);
  await restartPrograms(
    settled,
    [...added, ...gone].flatMap(({ readBy }) => readBy),
  );
  return settled;
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

async function ready(
  config: MeshConfig,
  podsFrom: number | undefined,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  await progress.run(
    'control plane',
    (step) => controlPlaneReady(config, step, signal),
    () => `https://127.0.0.1:${config.apiPort}`,
  );
  await progress.run(
    'node runtime',
    (step) => nodeReady(config, podsFrom, step, signal),
    () => `node ${config.nodeName}`,
  );
}

/** Programs whose keeper was killed hold ports and sockets: they make way, and traffic does not notice. */
const STOP_ORPHANS_MS = 10_000;

function checkDisk(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const { bavail, bsize } = statfsSync(dataDir);
  if (bavail * bsize >= LEAST_DISK_BYTES) return;
  throw new WeftError(
    'DiskFull',
    `the disk of ${dataDir} has ${Math.floor((bavail * bsize) / 1024)} KiB left, and a mesh needs ${LEAST_DISK_BYTES >> 20} MiB`,
    { remedy: 'make room, or set WEFT_DATA_DIR to another disk' },
  );
}

function checkRoom(config: MeshConfig): void {
  const listening = new Set(readListeners().map((listener) => listener.port));
  const ports = [
    ['--api-port', config.apiPort],
    ['--xds-port', config.xdsPort],
    ['--monitoring-port', config.monitoringPort],
    ['--node-metrics-port', config.nodeMetricsPort],
  ] as const;
  for (const [flag, port] of ports) {
    if (!listening.has(port)) continue;
    throw new WeftError('PortTaken', `port ${port} is in use by ${holderOf(port) ?? 'another process'}`, {
      remedy: `stop that, or choose another port: weft up ${flag} ${freeNear(port, listening)}`,
    });
  }
  const range = parseCidr(config.podCidr);
  const route = readRoutes().find(
    (candidate) => range !== undefined && overlaps(range, candidate) && !isOwn(config, range, candidate),
  );
  if (route === undefined) return;
  throw new WeftError(
    'RangeTaken',
    `the pod range ${config.podCidr} overlaps what the host routes to ${route.link}`,
    {
      remedy: 'choose another one: weft up --pod-cidr 10.B.0.0/16',
    },
  );
}

/** Routes that this mesh made in an earlier life: to its pods, and the whole range unreachable (link `*`) beneath them. */
function isOwn(config: MeshConfig, range: Cidr, route: Route): boolean {
  if (route.link.startsWith(`${config.id}-`)) return true;
  return route.link === '*' && route.base === range.base && route.bits === range.bits;
}

async function controlPlaneReady(config: MeshConfig, step: Step, signal: AbortSignal): Promise<void> {
  await until(config, 'control-plane', step, signal, async () => {
    const client = clientFromMesh(config);
    try {
      await client.list(Node);
      return true;
    } finally {
      await client.close();
    }
  });
}

async function nodeReady(
  config: MeshConfig,
  podsFrom: number | undefined,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  const client = clientFromMesh(config);
  try {
    await until(
      config,
      'node-runtime',
      step,
      signal,
      async () =>
        (await nodeServes(config, client)) &&
        (podsFrom === undefined || (await noPodFromBefore(config, client, podsFrom))),
    );
  } finally {
    await client.close();
  }
}

/** The node says that it is ready, and its runtime answers now: what it said before it was stopped does not count. */
async function nodeServes(config: MeshConfig, client: HttpClient): Promise<boolean> {
  const node = await client.get(Node, undefined, config.nodeName);
  return node !== undefined && isReady(node) && (await answers(pathsOf(config).runtimeSocket));
}

/** Pods that an earlier node runtime left running, to be taken over. After `weft down` there are none. */
function podsSurvive(config: MeshConfig): boolean {
  const { pods } = pathsOf(config);
  return existsSync(pods) && readdirSync(pods).length > 0;
}

/**
 * When no pod survived, what the API still says of running containers is from before, until the node runtime has
 * spoken: who acted on it would send traffic to pods that are not there.
 */
async function noPodFromBefore(config: MeshConfig, client: HttpClient, podsFrom: number): Promise<boolean> {
  const { items } = await client.list(Pod, { fieldSelector: `spec.nodeName=${config.nodeName}` });
  return !items.some((pod) =>
    (pod.status?.containerStatuses ?? []).some(
      ({ state }) => Date.parse(state?.running?.startedAt ?? '') < podsFrom - CLOCK_GRAIN_MS,
    ),
  );
}

/** Start times are told in whole seconds. */
const CLOCK_GRAIN_MS = 1_000;

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function until(
  config: MeshConfig,
  program: Program,
  step: Step,
  signal: AbortSignal,
  ready: () => Promise<boolean>,
): Promise<void> {
  const start = performance.now();
  const before = restartsOf(config, program);
  while (!(await ready().catch(notYet))) {
    signal.throwIfAborted();
    const restarts = restartsOf(config, program) - before;
    if (restarts > 0)
      step.note(`it ended ${restarts} time${restarts === 1 ? '' : 's'} and was started again`);
    if (restarts >= HOPELESS_RESTARTS)
      throw failure('ProgramFailed', `the ${program} does not start`, config, program);
    if (performance.now() - start > READY_TIMEOUT_MS) {
      throw failure(
        'NotReady',
        `the ${program} is not ready after ${READY_TIMEOUT_MS / 1000} s`,
        config,
        program,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Not there yet: nothing listens, or the certificates are not written. Anything else is a failure. */
function notYet(error: unknown): false {
  if (isUnreachable(error) || codeOf(error) === 'MeshNotConfigured' || codeOf(error) === 'TokenRefused')
    return false;
  if (codeOf(error) === 'ControlPlaneNotTrusted') return false;
  throw error;
}

function failure(code: string, message: string, config: MeshConfig, program: Program): WeftError {
  const log = logOf(config, program);
  const lines = tailOf(log, LOG_LINES).map((line) => `\n  ${line}`);
  return new WeftError(code, `${message}; its log ${log} ends:${lines.join('')}`, {
    remedy: 'see: weft doctor',
  });
}

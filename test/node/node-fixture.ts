import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { MeshConfig } from '#api/mesh/config.ts';
import { tearDownMesh } from '#node-runtime/host/tear-down-mesh.ts';
import { setUpHostNetwork } from '#node-runtime/network/host-network.ts';
import { createIpam } from '#node-runtime/network/ipam.ts';
import { createSandboxes } from '#node-runtime/network/sandboxes.ts';
import { createContainers } from '#node-runtime/oci/containers.ts';
import type { ContainerPlan, Containers, ExecOptions, Exit, Limits } from '#node-runtime/pod/containers.ts';
import type { Redirect, Sandboxes } from '#node-runtime/pod/sandboxes.ts';

/**
 * A node without a control plane: sandboxes and containers of a mesh of its own, beside whatever else runs on the machine.
 * Names and ranges come from the process id, so that two runs of the tests do not meet either.
 */
export interface TestNode {
  readonly config: MeshConfig;
  readonly containers: Containers;
  readonly sandboxes: Sandboxes;
  /** A pod of its own: a sandbox that is set up. */
  pod(options?: { redirect?: Partial<Redirect>; limits?: Limits }): Promise<TestPod>;
  /** A further driver on the same state, as a node runtime that was started again has. */
  newContainers(): Promise<Containers>;
  close(): Promise<void>;
}

export interface TestPod {
  readonly sandbox: string;
  readonly uid: string;
  readonly ip: string;
  plan(argv: readonly string[], overrides?: Partial<ContainerPlan>): ContainerPlan;
  /** Creates and starts a container; resolves with its id. */
  start(argv: readonly string[], overrides?: Partial<ContainerPlan>): Promise<string>;
  /** The same, to its end. */
  run(argv: readonly string[], overrides?: Partial<ContainerPlan>): Promise<Ended>;
  logOf(id: string): Promise<string>;
  tearDown(): Promise<void>;
}

export interface Ended extends Exit {
  readonly id: string;
  /** What it wrote, without the log's own columns. */
  readonly output: string;
}

export const REDIRECT: Redirect = {
  sidecarUid: 1337,
  excludeOutboundCidrs: [],
  excludeOutboundPorts: [],
  excludeInboundPorts: [],
};

/** Starts processes for ever, and lives on when it may not start more. */
export const FORK_BOMB = [
  'node',
  '-e',
  `setInterval(() => require('child_process').spawn('sh', ['-c', 'sleep 1000 & sleep 1000']).on('error', () => {}), 5);`,
];

/** Long enough for a machine that is busy with other tests; nothing waits this long when all is well. */
const PATIENCE_MS = 30_000;
let nodes = 0;

export async function startTestNode(): Promise<TestNode> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-node-'));
  nodes += 1;
  const [high, low] = [128 + ((process.pid >> 8) % 32), process.pid % 256];
  const config = MeshConfig.parse({
    id: `t${process.pid.toString(36)}${nodes.toString(36)}`.slice(0, 8),
    dataDir: join(directory, 'data'),
    runDir: join(directory, 'run'),
    nodeName: 'test',
    podCidr: `10.${high}.${low}.${(nodes % 4) * 64}/26`,
    serviceCidr: `10.${high + 32}.${low}.${(nodes % 4) * 64}/26`,
  });
  const ipam = createIpam(config, []);
  const newContainers = () => createContainers(config, { logger: silentLogger, clock: systemClock });
  const [containers, sandboxes] = await Promise.all([
    newContainers(),
    createSandboxes(config, { logger: silentLogger }),
    setUpHostNetwork(config),
  ]);
  let pods = 0;
  return {
    config,
    containers,
    sandboxes,
    newContainers,
    async pod({ redirect, limits } = {}) {
      pods += 1;
      const place = { sandbox: `${config.id}-pod-${pods}`, uid: `uid-${pods}`, ip: ipam.allocate() };
      await sandboxes.setUp({
        name: place.sandbox,
        podUid: place.uid,
        hostname: `pod-${pods}`,
        ip: place.ip,
        redirect: redirect === undefined ? undefined : { ...REDIRECT, ...redirect },
        ...(limits === undefined ? {} : { limits }),
      });
      return testPod(config, containers, sandboxes, place);
    },
    async close() {
      await tearDownMesh(config);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function testPod(
  config: MeshConfig,
  containers: Containers,
  sandboxes: Sandboxes,
  place: { sandbox: string; uid: string; ip: string },
): TestPod {
  let made = 0;
  const logPath = (id: string): string => join(config.dataDir, `${id}.log`);
  const pod: TestPod = {
    ...place,
    plan(argv, overrides = {}) {
      made += 1;
      const id = `${config.id}-${place.uid}-app-${made}`;
      return {
        id,
        sandbox: place.sandbox,
        podUid: place.uid,
        name: 'app',
        argv,
        env: {},
        cwd: '/',
        uid: 1000,
        gid: 1000,
        additionalGids: [],
        capabilities: [],
        readOnlyRoot: true,
        mounts: [],
        limits: { pids: 64 },
        seccomp: 'default',
        logPath: logPath(id),
        ...overrides,
      };
    },
    async start(argv, overrides) {
      const plan = pod.plan(argv, overrides);
      await containers.create(plan);
      await containers.start(plan.id);
      return plan.id;
    },
    async run(argv, overrides) {
      const id = await pod.start(argv, overrides);
      const exit = await containers.exited(id, patience());
      return { ...exit, id, output: withoutColumns(await pod.logOf(id)) };
    },
    logOf: (id) => readFile(logPath(id), 'utf8'),
    tearDown: () => sandboxes.tearDown(place.sandbox, place.uid),
  };
  return pod;
}

/** Runs a command in a container and gives what it wrote. */
export async function execute(
  containers: Containers,
  id: string,
  argv: readonly string[],
  options: Partial<ExecOptions> = {},
): Promise<{ code: number; output: string }> {
  const stdout = new PassThrough();
  const output = text(stdout);
  const code = await containers.exec(id, argv, {
    uid: 1000,
    gid: 1000,
    env: {},
    stdout,
    stderr: stdout,
    ...options,
  });
  stdout.end();
  return { code, output: await output };
}

/** Aborts what does not happen. Keeps the process alive while it waits, unlike AbortSignal.timeout. */
export function patience(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('it did not happen')), PATIENCE_MS);
  return controller.signal;
}

/** Looks again until `probe` gives something. */
export async function eventually<T>(probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const signal = patience();
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function withoutColumns(log: string): string {
  return log
    .split('\n')
    .map((line) => line.split(' ').slice(3).join(' '))
    .join('\n');
}

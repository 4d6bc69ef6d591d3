/**
 * Prometheus as the distribution packages it, on 127.0.0.1, fed by the control plane's service discovery. It runs as an
 * unprivileged user without capabilities. Its paths are relative to its working directory, because the directories
 * above that may be closed to this user; the title of its pages names the mesh, and is what its process is known by.
 */
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { MeshConfig } from '#api/mesh/config.ts';
import type { Addon } from './addon.ts';
import { firstUser } from './unprivileged.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/prometheus', import.meta.url));
/** Where the example finds the control plane. */
const MONITORING = 'http://127.0.0.1:15014/';

/** Weeks of a small mesh; whatever is reached first ends the oldest. */
const RETENTION = { time: '15d', size: '1GB' };
/** Debian's package makes the first; the second is everywhere. */
const USERS = ['prometheus', 'nobody'];
const ASK_TIMEOUT_MS = 2_000;

export const PROMETHEUS: Addon = {
  name: 'prometheus',
  title: 'Prometheus',
  flag: '--with-prometheus',
  summary: 'install and start Prometheus, which scrapes the mesh, on 127.0.0.1 (9090)',
  choose: (port) => ({ port: port(9090, 4) }),
  ports: (config) => (config.addons.prometheus === undefined ? [] : [config.addons.prometheus.port]),
  url: (config) => `http://${addressOf(config)}`,
  needs: ['prometheus'],
  prepare,
  command,
  directory: ({ dataDir }) => join(dataDir, 'prometheus'),
  // The collector keeps below the limit of the cgroup, and what it maps from disk has room beside it.
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', GOMEMLIMIT: '512MiB' },
  owns: (argv, configPath) => argv.includes(`--web.page-title=${titleOf(dirname(configPath))}`),
  limits: { memoryBytes: 1 << 30, processes: 256, cpus: 1 },
  readBy: [],
  ready: async (config) => (await ask(config, '/-/ready')) === 200,
};

function addressOf(config: MeshConfig): string {
  return `127.0.0.1:${config.addons.prometheus?.port}`;
}

function titleOf(dataDir: string): string {
  return `Prometheus of the mesh in ${dataDir}`;
}

/** The example for this mesh: its configuration with the port of this control plane, and its rules as they are. */
function prepare(config: MeshConfig): void {
  const directory = PROMETHEUS.directory(config);
  const rules = join(directory, 'rules');
  rmSync(rules, { recursive: true, force: true });
  mkdirSync(rules, { recursive: true, mode: 0o755 });
  const text = readFileSync(join(EXAMPLE, 'prometheus.yml'), 'utf8');
  writeFileSync(join(directory, 'prometheus.yml'), configurationFor(text, config.monitoringPort));
  for (const name of readdirSync(join(EXAMPLE, 'rules')))
    copyFileSync(join(EXAMPLE, 'rules', name), join(rules, name));
  const { uid, gid } = firstUser(USERS);
  const store = join(directory, 'tsdb');
  if (!existsSync(store)) mkdirSync(store, { mode: 0o750 });
  chownSync(store, uid, gid);
}

/** Pure: the example with the port at which this control plane tells what there is to scrape. */
export function configurationFor(example: string, monitoringPort: number): string {
  return example.replaceAll(MONITORING, `http://127.0.0.1:${monitoringPort}/`);
}

function command(config: MeshConfig): readonly string[] {
  const { uid, gid } = firstUser(USERS);
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--no-new-privs',
    '--inh-caps=-all',
    '--bounding-set=-all',
    'prometheus',
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=tsdb',
    `--storage.tsdb.retention.time=${RETENTION.time}`,
    `--storage.tsdb.retention.size=${RETENTION.size}`,
    `--web.listen-address=${addressOf(config)}`,
    `--web.page-title=${titleOf(config.dataDir)}`,
    '--web.max-connections=64',
    '--query.max-concurrency=8',
    '--query.timeout=30s',
  ];
}

async function ask(config: MeshConfig, path: string): Promise<number> {
  const { statusCode, body } = await request(`http://${addressOf(config)}${path}`, {
    headersTimeout: ASK_TIMEOUT_MS,
    bodyTimeout: ASK_TIMEOUT_MS,
  });
  await body.dump();
  return statusCode;
}

/**
 * A trace viewer: spans come by OTLP to the node's address among the pods, pages are on 127.0.0.1. Jaeger where the host has
 * it, else weft's own, which answers at the same ports and paths. Both keep what they have in memory.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { gatewayOf } from '#api/mesh/addresses.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import type { Addon } from './addon.ts';
import { findJaeger, jaegerConfiguration } from './jaeger.ts';
import { firstUser } from './unprivileged.ts';

const VIEWER = fileURLToPath(new URL('../../trace-viewer/main.ts', import.meta.url));
const ASK_TIMEOUT_MS = 2_000;
/** The viewer's spans may take 64 MiB; as much again is garbage at times. */
const HEAP_MIB = 256;

export const TRACES: Addon = {
  name: 'traces',
  title: 'Traces',
  flag: '--with-traces',
  summary: 'start a trace viewer, which sidecars send their spans to, on 127.0.0.1 (16686)',
  choose: (port) => ({ port: port(16686, 5), grpcPort: port(4317, 6), httpPort: port(4318, 7) }),
  ports: ({ addons: { traces } }) =>
    traces === undefined ? [] : [traces.port, traces.grpcPort, traces.httpPort],
  url: (config) => `http://${placesOf(config).pages}`,
  needs: [],
  prepare,
  command: (config) => {
    const jaeger = findJaeger(process.env);
    return jaeger === undefined ? viewerCommand(config) : jaegerCommand(config, jaeger);
  },
  directory: ({ dataDir }) => join(dataDir, 'traces'),
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  owns,
  limits: { memoryBytes: 512 << 20, processes: 128, cpus: 1 },
  readBy: ['control-plane', 'node-runtime'],
  ready: async (config) => (await ask(config, '/api/services')) === 200,
};

interface Places {
  readonly pages: string;
  readonly grpc: string;
  readonly http: string;
}

function placesOf(config: MeshConfig): Places {
  const { port, grpcPort, httpPort } = config.addons.traces!;
  const gateway = gatewayOf(config);
  return { pages: `127.0.0.1:${port}`, grpc: `${gateway}:${grpcPort}`, http: `${gateway}:${httpPort}` };
}

function prepare(config: MeshConfig): void {
  const directory = TRACES.directory(config);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (findJaeger(process.env) !== undefined)
    writeFileSync(join(directory, 'jaeger.yaml'), jaegerConfiguration(placesOf(config)));
}

/**
 * The viewer reads its own files as root, which may lie where nobody else gets to, and then becomes nobody: so it starts with
 * just what that takes.
 */
function viewerCommand(config: MeshConfig): readonly string[] {
  const { uid, gid } = firstUser(['nobody']);
  const { pages, grpc, http } = placesOf(config);
  return [
    ...['setpriv', '--no-new-privs', '--inh-caps=-all'],
    '--bounding-set=-all,+setuid,+setgid,+dac_read_search',
    ...[process.execPath, `--max-old-space-size=${HEAP_MIB}`, VIEWER, '--mesh', pathsOf(config).config],
    ...['--pages', pages, '--grpc', grpc, '--http', http, '--user', `${uid}:${gid}`],
  ];
}

function jaegerCommand(config: MeshConfig, jaeger: string): readonly string[] {
  const { uid, gid } = firstUser(['jaeger', 'nobody']);
  return [
    ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'],
    ...['--inh-caps=-all', '--bounding-set=-all'],
    ...[jaeger, `--config=${configurationOf(TRACES.directory(config))}`],
  ];
}

const configurationOf = (directory: string): string => `file:${join(directory, 'jaeger.yaml')}`;

function owns(argv: readonly string[], configPath: string): boolean {
  const viewer = argv.indexOf(VIEWER);
  if (viewer !== -1) return argv[viewer + 1] === '--mesh' && argv[viewer + 2] === configPath;
  return argv.includes(`--config=${configurationOf(join(configPath, '..', 'traces'))}`);
}

async function ask(config: MeshConfig, path: string): Promise<number> {
  const { statusCode, body } = await request(`http://${placesOf(config).pages}${path}`, {
    headersTimeout: ASK_TIMEOUT_MS,
    bodyTimeout: ASK_TIMEOUT_MS,
  });
  await body.dump();
  return statusCode;
}

/** The proxies whose answers are compared, each in front of the same app: HAProxy and Envoy as they come. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { FakeCluster, FakeEndpoint, targetOf } from '#sidecar/http/testing/fakes.ts';
import { startSidecar } from '#sidecar/http/testing/sidecar-under-test.ts';
import { Ended, eventually } from '../../support/eventually.ts';

export interface RunningProxy extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly version: string;
}

export async function startWeft(app: number): Promise<RunningProxy> {
  const sidecar = await startSidecar(targetOf({ cluster: new FakeCluster(new FakeEndpoint(app)) }));
  return {
    name: 'weft',
    port: sidecar.port,
    version: '',
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

/** Undefined when it is not installed. */
export function startHaproxy(app: number): Promise<RunningProxy | undefined> {
  const config = (port: number): string => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend compared
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${app}
`;
  return startProxy('HAProxy', find('haproxy', ['/usr/sbin']), config, (file) => ['-db', '-f', file]);
}

/** As Istio configures it where that matters: websockets may pass. The binary is $ENVOY, or in the PATH. */
export function startEnvoy(app: number): Promise<RunningProxy | undefined> {
  const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'compared',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '' }, route: { cluster: 'app' } }] },
      ],
    },
  };
  const config = (port: number): string =>
    JSON.stringify({
      static_resources: {
        listeners: [
          {
            address: address(port),
            filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
          },
        ],
        clusters: [
          {
            name: 'app',
            type: 'STATIC',
            load_assignment: {
              cluster_name: 'app',
              endpoints: [{ lb_endpoints: [{ endpoint: { address: address(app) } }] }],
            },
          },
        ],
      },
    });
  const binary = process.env['ENVOY'] ?? find('envoy', []);
  return startProxy('Envoy', binary, config, (file) => [
    '-c',
    file,
    '--use-dynamic-base-id',
    '--concurrency',
    '1',
    '-l',
    'error',
  ]);
}

function find(name: string, more: readonly string[]): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...more];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

async function startProxy(
  name: string,
  binary: string | undefined,
  config: (port: number) => string,
  args: (file: string) => readonly string[],
): Promise<RunningProxy | undefined> {
  if (binary === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'weft-compared-'));
  const file = join(directory, 'config.json');
  const port = await freePort();
  writeFileSync(file, config(port));
  const child = spawn(binary, args(file), { stdio: 'ignore' });
  await eventually(`${name} listens`, async () => {
    if (child.exitCode !== null) throw new Ended(`${name} ended with ${child.exitCode}`);
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return {
    name,
    port,
    version: versionOf(binary),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(directory, { recursive: true });
    },
  };
}

/** As the program tells it, `haproxy -v` and `envoy --version` alike: the first number with dots. */
function versionOf(binary: string): string {
  const flag = binary.endsWith('haproxy') ? '-v' : '--version';
  return /\d+\.\d+(\.\d+)?/.exec(execFileSync(binary, [flag], { encoding: 'utf8' }))?.[0] ?? '';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

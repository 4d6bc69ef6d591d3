import { findProgram } from '../harness/programs.ts';
import { MAX_CONNECTIONS, PEER_METADATA, PEER_METADATA_HEADER, type Peer, type Task } from './peer.ts';

const TYPES = 'type.googleapis.com/envoy.extensions';

export const envoy: Peer = {
  name: 'envoy',
  find: () => findProgram('envoy'),
  async start(bench, program, task) {
    const port = await bench.takePort();
    const config = bench.write(`envoy-${port}.json`, JSON.stringify(envoyConfig(port, task)));
    const args = ['-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
    return { port, process: await bench.serve(bench.cores.proxy, port, program.path, args) };
  },
};

/**
 * As Envoy's page on benchmarking asks: one worker, no access log, circuit breakers out of the way, no statistics of the
 * router for each request. Request ids stay on, since everybody adds them.
 */
export function envoyConfig(port: number, { mode, to }: Task): object {
  const filter = mode === 'http' ? connectionManager() : tcpProxy();
  const threshold = {
    max_connections: MAX_CONNECTIONS,
    max_pending_requests: MAX_CONNECTIONS,
    max_requests: MAX_CONNECTIONS,
    max_retries: MAX_CONNECTIONS,
  };
  return {
    static_resources: {
      listeners: [{ name: 'in', address: loopback(port), filter_chains: [{ filters: [filter] }] }],
      clusters: [
        {
          name: 'app',
          type: 'STATIC',
          connect_timeout: '5s',
          circuit_breakers: { thresholds: [threshold] },
          load_assignment: {
            cluster_name: 'app',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(to) } }] }],
          },
        },
      ],
    },
  };
}

function connectionManager(): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': `${TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'in',
      codec_type: 'HTTP1',
      route_config: {
        virtual_hosts: [
          { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'app' } }] },
        ],
        request_headers_to_add: [
          {
            header: { key: PEER_METADATA_HEADER, value: PEER_METADATA },
            append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
          },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': `${TYPES}.filters.http.router.v3.Router`, dynamic_stats: false },
        },
      ],
    },
  };
}

function tcpProxy(): object {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': `${TYPES}.filters.network.tcp_proxy.v3.TcpProxy`,
      stat_prefix: 'in',
      cluster: 'app',
    },
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

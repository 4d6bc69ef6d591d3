import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { findProgram } from '../harness/programs.ts';
import {
  BULK_BUFFER_BYTES,
  MAX_CONNECTIONS,
  PEER_METADATA,
  PEER_METADATA_HEADER,
  type Peer,
  type Task,
} from './peer.ts';

/** Debian ships nginx's part for bytes as a module of its own. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
const NO_STREAM = 'this nginx has no stream module; `npm run bench -- setup` brings it';

export const nginx: Peer = {
  name: 'nginx',
  find: (mode) => (mode === 'tcp' && !existsSync(STREAM_MODULE) ? { why: NO_STREAM } : findProgram('nginx')),
  async start(bench, program, task) {
    const port = await bench.takePort();
    const part = nginxPart(port, task);
    const config = bench.write(`nginx-${port}.conf`, nginxConfig(bench.directory, port, part));
    const args = ['-p', bench.directory, '-c', config];
    return { port, process: await bench.serve(bench.cores.proxy, port, program.path, args) };
  },
};

/** The `http` or `stream` block of a proxy. */
export function nginxPart(port: number, task: Task): string {
  return task.mode === 'http' ? httpProxy(port, task) : tcpProxy(port, task);
}

/** One worker that touches no file outside of `directory`. `part` is its `http` or `stream` block. */
export function nginxConfig(directory: string, port: number, part: string): string {
  return `
  ${part.startsWith('stream') ? `load_module ${STREAM_MODULE};` : ''}
  ${userInfo().uid === 0 ? 'user root;' : ''}
  daemon off; worker_processes 1; worker_rlimit_nofile 65536;
  pid ${directory}/nginx-${port}.pid; error_log stderr crit;
  events { worker_connections ${MAX_CONNECTIONS}; }
  ${part}`;
}

/** An `http` block with what every server here needs. */
export function httpBlock(text: string): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (what) => `${what}_temp_path ${what};`,
  );
  return `http {
    access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 300s;
    client_max_body_size 0;
    ${places.join(' ')}
    ${text}
  }`;
}

/**
 * Bodies are passed on while they arrive, as the others do, and never parked on disk (`proxy_max_temp_file_size`,
 * `proxy_request_buffering`): the defaults would measure the disk. Buffers are of the size that its guides give for large answers.
 */
function httpProxy(port: number, { to, bulk = false }: Task): string {
  return httpBlock(`
    upstream app { server 127.0.0.1:${to}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 300s; }
    map $http_x_request_id $id { default $http_x_request_id; "" $request_id; }
    map $http_x_forwarded_proto $proto { default $http_x_forwarded_proto; "" http; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_max_temp_file_size 0; proxy_request_buffering off;
        proxy_buffers 16 32k; proxy_busy_buffers_size 128k;
        ${bulk ? `client_body_buffer_size ${BULK_BUFFER_BYTES};` : ''}
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header x-request-id $id;
        proxy_set_header x-forwarded-proto $proto;
        proxy_set_header ${PEER_METADATA_HEADER} ${PEER_METADATA};
      }
    }`);
}

/** A buffer is there as long as its connection: small ones are right where connections are many. */
function tcpProxy(port: number, { to, bulk = false }: Task): string {
  const buffers = bulk ? `proxy_buffer_size ${BULK_BUFFER_BYTES};` : '';
  const server = `listen 127.0.0.1:${port} backlog=4096; proxy_pass 127.0.0.1:${to}; proxy_half_close on;`;
  return `stream { server { ${server} ${buffers} } }`;
}

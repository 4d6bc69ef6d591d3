/**
 * `node node-proxy.ts http|tcp PORT TO`: the proxy that most people would write first, with node:http in front and undici's
 * pool behind; for bytes, two sockets piped into one another.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import { PEER_METADATA, PEER_METADATA_HEADER } from './peer.ts';

const [mode, port, to] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${to}`, { connections: 1_024, pipelining: 1 });

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = request.headers;
  const hasBody = request.headers['content-length'] !== undefined || ___ !== undefined;
  const answer = await pool.request({
    path: request.url ?? '/',
    method: request.method as 'GET',
    headers: {
      'x-request-id': randomUUID(),
      'x-forwarded-proto': 'http',
      ...headers,
      [PEER_METADATA_HEADER]: PEER_METADATA,
    },
    body: hasBody ? request : null,
  });
  const { connection: ____, 'keep-alive': _____, ...answered } = answer.headers;
  response.writeHead(answer.statusCode, answered);
  await pipeline(answer.body, response);
}

function relay(downstream: Socket): void {
  const upstream = connect({ port: Number(to), host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  downstream.on('error', () => upstream.destroy()).pipe(upstream);
  upstream.on('error', () => downstream.destroy()).pipe(downstream);
}

const server =
  mode === 'http'
    ? createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
        forward(request, response).catch(() => response.destroy());
      })
    : createTcpServer({ allowHalfOpen: true, noDelay: true }, relay);
server.listen(Number(port), '127.0.0.1', 4_096);

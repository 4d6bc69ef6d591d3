/** `node:http`, with llhttp as strict as it comes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Origin, seen } from './origin.ts';
import type { Seen } from './payload.ts';

export async function startNodeOrigin(): Promise<Origin> {
  let log: Seen[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('error', () => {});
    request.on('end', () => {
      const what = seen(request.method ?? '', request.url ?? '', bytes, request.headers.host ?? '');
      log.push(what);
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': what.length });
      response.end(what);
    });
  };
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, answer);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    answer(request, response);
  });
  server.on('checkExpectation', answer);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code !== 'ECONNRESET') log.push(`refused ${error.code}`);
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name: 'node',
    port: (server.address() as { port: number }).port,
    async taken() {
      const taken = log;
      log = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * An application that does what a request asks of it: `/…?size=N&how=length|chunked|close&delay=MS&status=S&early=1`. It
 * names the request in its answer and fills the body with one byte that belongs to it, so that a client notices what is
 * another's. `Upgrade: echo` is answered with 101 and an echo.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Longest body that is asked for. */
export const MAX_SIZE: number = 2 * 1024 * 1024;

const FILLS = Array.from({ length: 26 }, (_, i) => Buffer.alloc(64 * 1024, 97 + i));

export class GoodApp {
  readonly #server: Server;
  requests = 0;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket) => upgrade(request, socket));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    const query = new URL(request.url ?? '/', 'http://a').searchParams;
    const size = Math.min(Number(query.get('size') ?? 0), MAX_SIZE);
    const id = String(request.headers['x-id'] ?? '');
    const fill = FILLS[Number.parseInt(id.slice(-4), 36) % FILLS.length] ?? FILLS[0]!;
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('error', () => {});
    response.on('error', () => {});
    const respond = (): void => {
      response.statusCode = Number(query.get('status') ?? 200);
      const how = query.get('how') ?? 'length';
      if (how === 'length') response.setHeader('content-length', size);
      if (how === 'close') {
        response.setHeader('connection', 'close');
        response.useChunkedEncodingByDefault = false;
      }
      response.setHeader('x-id', id);
      response.setHeader('x-size', size);
      response.setHeader('x-fill', fill[0]!);
      response.setHeader('x-received', received);
      pour(response, fill, request.method === 'HEAD' ? 0 : size);
    };
    const delayMs = Number(query.get('delay') ?? 0);
    const start = (): void => {
      if (delayMs === 0) respond();
      else setTimeout(respond, delayMs);
    };
    if (query.get('early') === '1') start();
    else request.on('end', start);
  }
}

/** As fast as it is taken. */
function pour(response: ServerResponse, fill: Buffer, size: number): void {
  let left = size;
  const more = (): void => {
    while (left > fill.length) {
      if (response.destroyed) return;
      left -= fill.length;
      if (!response.write(fill)) return;
    }
    response.off('drain', more);
    response.end(fill.subarray(0, left));
  };
  response.on('drain', more);
  more();
}

function upgrade(request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nx-id: ${request.headers['x-id']}\r\n\r\n`,
  );
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('BYE')) socket.end();
    else if (chunk.includes('RESET')) socket.resetAndDestroy();
    else if (!socket.write(chunk)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('end', () => socket.end());
}

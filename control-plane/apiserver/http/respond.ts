import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiError } from '#api/client/client.ts';
import { JSON_TYPE, type Reply } from './exchange.ts';

export function statusText(error: ApiError): string {
  return JSON.stringify({ metadata: {}, ...error.status });
}

/** Sends a whole answer. */
export function send(response: ServerResponse, reply: Reply, withBody = true): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.code, {
    'content-type': reply.contentType,
    'content-length': body.length,
    'cache-control': 'no-cache, private',
  });
  response.end(withBody ? body : undefined);
}

/** A refusal as a Status. When the request's body was not read to its end, the connection cannot go on. */
export function sendError(response: ServerResponse, incoming: IncomingMessage, error: ApiError): void {
  if (!incoming.complete) response.setHeader('connection', 'close');
  if (error.code === 401) response.setHeader('www-authenticate', 'Bearer realm="weft"');
  const wait = error.status.details?.retryAfterSeconds;
  if (wait !== undefined) response.setHeader('retry-after', String(wait));
  send(response, { code: error.code, contentType: JSON_TYPE, body: statusText(error) });
}

/** A refusal of an upgrade, on the bare socket. */
export function refuseUpgrade(socket: Duplex, error: ApiError): void {
  const body = statusText(error);
  socket.end(
    `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? 'Error'}\r\ncontent-type: ${JSON_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

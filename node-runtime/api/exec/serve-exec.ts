import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ExecOptions } from '../../pod/containers.ts';
import { Refusal, refusalOf, statusFor } from '../status-reply.ts';
import { chooseSubprotocol } from './channels.ts';
import { execRequest } from './exec-options.ts';
import { runExec } from './exec-session.ts';

/** A message of a client: stdin in pieces, far below this. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Runs a command in the container; the streams are the client's. */
export type Exec = (
  command: readonly string[],
  streams: Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'signal'>,
) => Promise<number>;

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: MAX_MESSAGE_BYTES,
  perMessageDeflate: false,
  handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
});

/** Upgrades the request and runs its command. Throws a Refusal while an answer in HTTP is still possible. */
export function serveExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  query: URLSearchParams,
  exec: Exec,
): void {
  const wanted = execRequest(query);
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (chooseSubprotocol(offered) === undefined) {
    throw new Refusal(400, 'offer the WebSocket subprotocol v5.channel.k8s.io or v4.channel.k8s.io');
  }
  sockets.handleUpgrade(request, socket, head, (connection) => {
    void runExec(connection, wanted, (streams) => exec(wanted.command, streams));
  });
}

/** Answers an upgrade that is refused. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal = refusalOf(error);
  const body = JSON.stringify(statusFor(refusal));
  socket.end(
    [
      `HTTP/1.1 ${refusal.code} Refused`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/**
 * Wires whose bytes are encrypted. Node's TLS streams have no `onread`, and what they write leaves a moment later; so
 * these wires read by `'data'` and count a write as done when its callback says so.
 */
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DownstreamTls } from '#sidecar/security/downstream-tls.ts';
import { connectionOptions } from '#sidecar/security/upstream-tls.ts';
import type { UpstreamTls } from '#sidecar/upstream/cluster.ts';
import { Wire, type WireReader } from './wire.ts';

const NO_READER: WireReader = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

/**
 * Shakes hands over a socket that connects. `onConnect` comes when the endpoint has proved who it is, `reader.onClose`
 * when that fails, or the connect.
 */
export function secureWire(raw: Socket, tls: UpstreamTls, reader: WireReader, onConnect: () => void): Wire {
  const socket = connectTls({ ...connectionOptions(tls), socket: raw });
  const wire = wireAround(socket, raw, reader);
  socket.once('secureConnect', onConnect);
  return wire;
}

/**
 * Ends TLS on an accepted connection that is not read any more; `before` is what the client has sent already. `secured`
 * gets a wire that does not read until `resume`; when the handshake fails, `failed` hears why and `wire` closes.
 */
export function terminateTls(
  wire: Wire,
  before: Buffer,
  tls: DownstreamTls,
  secured: (wire: Wire) => void,
  failed: (reason: string) => void,
): void {
  const raw = wire.socket;
  if (before.length > 0) raw.unshift(Buffer.from(before));
  tls.accept(
    raw,
    (socket) => {
      const inner = wireAround(socket, raw, NO_READER);
      inner.pause();
      secured(inner);
    },
    failed,
  );
}

function wireAround(socket: Socket, raw: Socket, reader: WireReader): Wire {
  const wire = new Wire(socket, reader, raw);
  socket.on('data', (chunk: Buffer) => wire.reader.onBytes(chunk, chunk.length));
  return wire;
}

/** Holds the connections of a receiver within bounds, those of one address and those of all. */
import type { Server, Socket } from 'node:net';

export function boundConnections(
  server: Pick<Server, 'on'>,
  most: { readonly connections: number; readonly connectionsPerPeer: number },
  refused: () => void,
): void {
  const open = new Map<string, number>();
  let all = 0;
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress ?? '';
    const own = open.get(peer) ?? 0;
    if (all >= most.connections || own >= most.connectionsPerPeer) {
      refused();
      socket.destroy();
      return;
    }
    all += 1;
    open.set(peer, own + 1);
    socket.once('close', () => {
      all -= 1;
      const left = open.get(peer)! - 1;
      if (left === 0) open.delete(peer);
      else open.set(peer, left);
    });
  });
}

import type { Socket } from 'node:net';

/**
 * Connections of each client at a time, so that none keeps the others out by holding all that there are. Beyond its share a
 * client's oldest goes: it is the one most likely forgotten.
 */
export class ClientShare {
  readonly #most: number;
  readonly #open = new Map<string, Set<Socket>>();

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    const open = this.#open.get(client) ?? new Set();
    this.#open.set(client, open.add(socket));
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0 && this.#open.get(client) === open) this.#open.delete(client);
    });
    if (open.size <= this.#most) return;
    const [oldest] = open;
    oldest?.destroy();
  }
}

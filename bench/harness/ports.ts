import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Below the range that the kernel gives to outgoing connections, so that none of the load's own takes a port meanwhile. */
const FIRST = 20_000;
const LAST = 32_000;

/** Hands out free ports of this machine and can tell afterwards whether they are free again. */
export class Ports {
  #next = FIRST + Math.floor(((LAST - FIRST) * (process.pid % 100)) / 100);
  readonly #given: number[] = [];

  async take(): Promise<number> {
    for (let tries = 0; tries < LAST - FIRST; tries += 1) {
      const port = this.#next;
      this.#next = port + 1 < LAST ? port + 1 : FIRST;
      if (!(await isFree(port))) continue;
      this.#given.push(port);
      return port;
    }
    throw new Error(`no port is free between ${FIRST} and ${LAST}`);
  }

  /** Throws when somebody still listens on a port that was given out: a process was left behind. */
  async assertAllFree(): Promise<void> {
    const open: number[] = [];
    for (const port of this.#given) if (await listens(port)) open.push(port);
    if (open.length > 0) throw new Error(`still open after the run: port ${open.join(', ')}`);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '0.0.0.0'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Whether the port takes connections on loopback. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

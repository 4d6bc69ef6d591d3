/** A server of opaque connections: echoes, and says as much as it was asked for first. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export class TcpApp {
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  /** `greeting`: it speaks first. */
  constructor(greeting: string) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
      socket.on('error', () => {});
      if (greeting !== '') socket.write(greeting);
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('RESET')) socket.resetAndDestroy();
        else if (!socket.write(chunk)) {
          socket.pause();
          socket.once('drain', () => socket.resume());
        }
      });
      socket.on('end', () => socket.end());
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
  }
}

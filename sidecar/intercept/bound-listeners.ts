/**
 * Listeners that the sidecar binds itself, because nothing is redirected to it: those of gateways. They come and go with
 * the configuration. One that is removed takes no more connections and lets those that it has end; one whose chains
 * change serves on with the new ones.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { BoundListener, Snapshot } from '#sidecar/discovery/snapshot.ts';
import { listen } from '#sidecar/tcp/listen.ts';
import { adopt, chooseReadMode, type ReadMode, SERVER_OPTIONS } from '#sidecar/tcp/sockets.ts';
import type { ConnectionGroup } from './connection-group.ts';

export interface BoundListenersOptions {
  /** Where the connections of a new listener are kept. */
  readonly newGroup: () => ConnectionGroup;
  /** How long the connections of a removed listener may take to end, milliseconds. */
  readonly drainMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LISTEN_BACKLOG = 4096;
/** An address that is taken may be free again soon: the listener before may just be closing. */
const RETRY_MS = 1_000;

export class BoundListeners {
  readonly #options: BoundListenersOptions;
  readonly #open = new Map<string, BoundServer>();
  readonly #ending = new Set<BoundServer>();
  #readMode: ReadMode | undefined;
  #wanted: readonly BoundListener[] = [];

  constructor(options: BoundListenersOptions) {
    this.#options = options;
  }

  /** Opens what is new, closes what is gone. The first listener waits until it is known how accepted sockets are read. */
  update({ bound, serves }: Snapshot): void {
    this.#wanted = bound;
    if (this.#readMode !== undefined) this.#apply(this.#readMode);
    else if (bound.length > 0) this.#prepare();
    for (const server of this.#open.values()) {
      server.connections.drainThose(({ target }) => target !== undefined && !serves(target));
    }
  }

  /** Open connections. */
  connections(): number {
    const all = [...this.#open.values(), ...this.#ending];
    return all.reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** Lets what is under way end; new connections are still served. */
  async drain(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    await Promise.all([...this.#open.values()].map((server) => server.connections.drain(timeoutMs, clock)));
  }

  close(): void {
    this.#wanted = [];
    for (const server of [...this.#open.values(), ...this.#ending]) server.destroy();
    this.#open.clear();
  }

  #prepare(): void {
    chooseReadMode().then(
      (mode) => {
        this.#readMode = mode;
        this.#apply(mode);
      },
      (error: unknown) => this.#options.logger.error('no listener can be bound', { cause: String(error) }),
    );
  }

  #apply(mode: ReadMode): void {
    const wanted = new Map(
      this.#wanted.map((listener) => [`${listener.address}_${listener.port}`, listener]),
    );
    for (const [key, server] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      this.#end(server);
    }
    for (const [key, listener] of wanted) {
      const known = this.#open.get(key);
      if (known !== undefined) known.listener = listener;
      else this.#open.set(key, new BoundServer(listener, mode, this.#options));
    }
  }

  #end(server: BoundServer): void {
    const { drainMs, clock } = this.#options;
    this.#ending.add(server);
    server.stopListening();
    void server.connections.drain(drainMs, clock).then(() => {
      server.destroy();
      this.#ending.delete(server);
    });
  }
}

class BoundServer {
  listener: BoundListener;
  readonly connections: ConnectionGroup;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #server: Server;
  #closed = false;

  constructor(listener: BoundListener, mode: ReadMode, { newGroup, clock, logger }: BoundListenersOptions) {
    this.listener = listener;
    this.connections = newGroup();
    this.#logger = logger;
    this.#clock = clock;
    this.#server = createServer(SERVER_OPTIONS);
    this.#server.on('connection', (socket: Socket) => this.#accept(socket, mode));
    this.#server.on('error', (error) => this.#failed(error));
    this.#server.on('listening', () => logger.info('listener bound', { listener: this.listener.name }));
    this.#listen();
  }

  stopListening(): void {
    this.#closed = true;
    if (this.#server.listening) this.#server.close();
  }

  destroy(): void {
    this.stopListening();
    this.connections.destroy();
  }

  #listen(): void {
    const { address, port } = this.listener;
    listen(this.#server, { host: address === '' ? '0.0.0.0' : address, port, backlog: LISTEN_BACKLOG });
  }

  #failed(error: Error): void {
    const { name: listener } = this.listener;
    if (this.#server.listening) {
      this.connections.unaccepted(error);
      return;
    }
    this.#logger.error('a listener cannot be bound', { listener, cause: error.message, retryMs: RETRY_MS });
    this.#clock.after(RETRY_MS, () => {
      if (!this.#closed && !this.#server.listening) this.#listen();
    });
  }

  #accept(socket: Socket, mode: ReadMode): void {
    const wire = adopt(socket, mode);
    const { localAddress = '', localPort = 0 } = wire.socket;
    const address = localAddress.startsWith('::ffff:') ? localAddress.slice(7) : localAddress;
    const chains = this.listener.chains(address, localPort);
    if (chains.state === 'found') {
      this.connections.carry(wire, chains.value, { address, port: localPort, bound: true });
      return;
    }
    const { name: listener } = this.listener;
    this.#logger.warn('a connection was refused', { reason: 'no filter chain matches', listener });
    wire.reset();
  }
}

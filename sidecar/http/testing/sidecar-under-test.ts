/** A whole data path on loopback: fake configuration, real sockets, and raw clients and servers around it. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import type { FilterChains, ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import type { DeadlineMemory } from '#sidecar/http/deadline-memory.ts';
import type { ConnectionCount } from '#sidecar/intercept/connection-count.ts';
import { type Interception, startInterception } from '#sidecar/intercept/interception.ts';
import type { Observers } from '#sidecar/telemetry/observers.ts';
import { FakeTelemetry, snapshotOf, UNWATCHED } from './fakes.ts';

export const ORIGINAL = { address: '10.96.0.10', port: 80 };

export interface SidecarUnderTest extends AsyncDisposable {
  readonly port: number;
  readonly telemetry: FakeTelemetry;
  readonly interception: Interception;
  /** A client connection to the sidecar. */
  connect(): Client;
}

export async function startSidecar(
  target: ListenerTarget | FilterChains,
  direction: 'outbound' | 'inbound' = 'outbound',
  clock: Clock = systemClock,
  deadlineMemory?: DeadlineMemory,
  gate?: ConnectionCount,
  watched: Pick<Observers, 'tracing' | 'accessLog'> = UNWATCHED,
): Promise<SidecarUnderTest> {
  const telemetry = new FakeTelemetry();
  const observers = { ...watched, metrics: () => telemetry };
  const interception = await startInterception({
    direction,
    host: '127.0.0.1',
    port: 0,
    snapshot: snapshotOf(target),
    telemetry,
    observers,
    originalDestination: { read: () => ORIGINAL },
    clock,
    random: seededRandom(1),
    deadlineMemory,
    gate,
    logger: silentLogger,
    pod: 'client-1.test',
  });
  const { port } = interception.address();
  const clients: Client[] = [];
  return {
    port,
    telemetry,
    interception,
    connect() {
      const client = new Client(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.socket.destroy();
      interception.close();
    },
  };
}

/** A raw connection that collects what it reads as latin1 text. */
export class Client {
  readonly socket: Socket;
  text = '';
  /** The peer sends no more: it ended its side, or the connection is gone. */
  ended = false;
  error: Error | undefined;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.ended = true;
        this.#wake();
      });
    }
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until what was read satisfies `done`; fails when the connection ends before. */
  async until(done: (text: string) => boolean): Promise<string> {
    while (!done(this.text)) {
      const how = this.error?.message ?? 'FIN';
      if (this.ended) throw new Error(`the connection ended (${how}) after ${JSON.stringify(this.text)}`);
      await this.#change();
    }
    return this.text;
  }

  /** Waits for the end of what the peer sends, by FIN or reset. */
  async untilEnd(): Promise<string> {
    while (!this.ended) await this.#change();
    return this.text;
  }

  /** Waits for one response with a Content-Length and takes it out of what was read. */
  async response(): Promise<string> {
    await this.until((text) => responseLength(text) > 0);
    const length = responseLength(this.text);
    const response = this.text.slice(0, length);
    this.text = this.text.slice(length);
    return response;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** Length of the first response in `text` when it is there whole, 0 otherwise. */
function responseLength(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return text.length >= headEnd + 4 + length ? headEnd + 4 + length : 0;
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  /** Accepted connections, in order. */
  readonly accepted: Client[];
  /** Waits for the connection number `index`. */
  connection(index: number): Promise<Client>;
}

/** A server of raw connections; `onData` gets what a connection has read so far, to answer or ignore. */
export async function startRawServer(onData?: (client: Client, index: number) => void): Promise<RawServer> {
  const accepted: Client[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const client = new Client(socket);
    const index = accepted.push(client) - 1;
    socket.on('data', () => onData?.(client, index));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    server,
    accepted,
    async connection(index) {
      while (accepted.length <= index) await once(server, 'connection');
      return accepted[index]!;
    },
    async [Symbol.asyncDispose]() {
      for (const client of accepted) client.socket.destroy();
      server.close();
    },
  };
}

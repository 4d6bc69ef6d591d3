/**
 * Finds out what a connection speaks, by who speaks first. Clients of most protocols do, and their first bytes tell TLS
 * and HTTP from the rest. When a client stays silent for a moment, the connection to the server is made meanwhile: if the
 * server speaks then, it is one of those protocols that no first byte of a client can tell (databases, mail), and opaque.
 *
 *     client bytes ── ClientHello ──▶ the chain for its server name      ── too few ──▶ wait for more
 *                  ── HTTP/1.x ──▶ HTTP      ── others ──▶ opaque        ── too few ──▶ wait for more
 *     silence ──▶ connect to the server ── server bytes ──▶ opaque
 *                                       ── client bytes ──▶ as above; the connection is used, or kept in its pool
 *
 * ClientHellos are looked for only where some filter chain asks for it.
 */
import type { FilterChains, ListenerTarget } from '#sidecar/discovery/snapshot.ts';
import { DRAIN_IDLE_MS } from '#sidecar/http/limits.ts';
import type { AttemptSettings, Established } from '#sidecar/tcp/attempt.ts';
import { Deadline } from '#sidecar/tcp/deadlines.ts';
import { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire, WireReader } from '#sidecar/tcp/wire.ts';
import type { OriginalDestination } from '#sidecar/upstream/cluster.ts';
import { readClientHello } from './client-hello.ts';
import { EarlyServer } from './early-server.ts';
import { judgeFirstBytes } from './first-bytes.ts';

/**
 * How long a client may be silent before the server is asked. Clients that speak first do so at once, so this only has
 * to cover a busy machine; servers that speak first answer later by as much on the first connection.
 */
export const CLIENT_FIRST_MS = 50;

/** A client that began to speak and stopped within its first line gets this long for each next piece, until `SILENCE_MS`. */
export const FIRST_LINE_PAUSE_MS = 2_000;

/**
 * A client that says nothing to a listener without a server to ask is let go after this, and one whose first line comes in
 * pieces is judged by what has come (Envoy's listener_filters_timeout).
 */
export const SILENCE_MS = 15_000;

/**
 * What a detection ends with. `before` is what the client has sent; `server` a connection of the target's cluster that
 * stands already.
 */
export interface DetectionListener {
  onHttp(target: ListenerTarget, before: Buffer, length: number, server: Established | undefined): void;
  onOpaque(target: ListenerTarget, before: Buffer, server: Established | undefined, fromServer: Buffer): void;
  /** The client wants TLS, and it ends here. */
  onTls(target: ListenerTarget, before: Buffer): void;
  /** There is nobody to talk to, and the client said nothing that could be answered. */
  onUnreachable(reason: string): void;
  onClientGone(): void;
  /** The client wants TLS with `serverName` ('' when it names none). */
  onHello(serverName: string): void;
  /** The server spoke first. */
  onServerFirst(): void;
}

const NO_BYTES = Buffer.alloc(0);

export class Detection implements WireReader {
  readonly #client: Wire;
  readonly #chains: FilterChains;
  readonly #original: OriginalDestination;
  readonly #settings: AttemptSettings;
  readonly #serverFirst: boolean;
  readonly #listener: DetectionListener;
  readonly #unread = new Unread();
  readonly #deadline: Deadline = new Deadline(() => this.#onDeadline());
  /** Undefined until the server is asked. */
  #server: EarlyServer | undefined;
  /** When the first piece came of what is not whole yet. */
  #begunMs: number | undefined;
  #over = false;
  #draining = false;

  /** `serverFirst`: servers of this destination spoke first before, so it is asked at once. */
  constructor(
    client: Wire,
    chains: FilterChains,
    original: OriginalDestination,
    settings: AttemptSettings,
    serverFirst: boolean,
    listener: DetectionListener,
  ) {
    this.#client = client;
    this.#chains = chains;
    this.#original = original;
    this.#settings = settings;
    this.#serverFirst = serverFirst;
    this.#listener = listener;
  }

  start(): void {
    this.#client.reader = this;
    this.#client.resume();
    if (!this.#mayAskServer) this.#settings.deadlines.set(this.#deadline, SILENCE_MS);
    else if (this.#serverFirst) this.#askServer();
    else this.#settings.deadlines.set(this.#deadline, CLIENT_FIRST_MS);
  }

  /** A client that is about to speak is heard; one that is silent is let go after a moment. */
  drain(): void {
    if (this.#over) return;
    this.#draining = true;
    this.#settings.deadlines.set(this.#deadline, DRAIN_IDLE_MS);
  }

  /** Ends without a result. */
  cancel(): void {
    if (this.#over) return;
    this.#server?.drop();
    this.#finish();
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#unread.length === 0) {
      this.#judge(bytes, length, false);
      return;
    }
    this.#unread.append(bytes, 0, length);
    this.#judge(this.#unread.bytes, this.#unread.length, true);
  }

  /** A client that ends without a word may still want to hear: only an opaque connection can do that. */
  onEnd(): void {
    this.#settle();
  }

  onDrain(): void {}

  onClose(): void {
    this.cancel();
    this.#listener.onClientGone();
  }

  /** Only a connection that may turn out to be opaque has a server to be asked. */
  get #mayAskServer(): boolean {
    const { plain } = this.#chains;
    return plain !== undefined && plain.protocol !== 'http' && plain.tls === undefined;
  }

  /** `kept`: the bytes are those of `#unread`; else they are copied there when more have to come. */
  #judge(bytes: Buffer, length: number, kept: boolean): void {
    const { hello, plain } = this.#chains;
    const said = hello === undefined ? 'not-tls' : readClientHello(bytes, length);
    if (hello !== undefined && typeof said === 'object') {
      this.#keep(bytes, length, kept);
      this.#listener.onHello(said.serverName);
      this.#become(hello(said), `no filter chain is for TLS to "${said.serverName}"`);
      return;
    }
    const verdict = said === 'more' || plain?.protocol !== 'detect' ? said : judgeFirstBytes(bytes, length);
    if (verdict === 'http' && !kept && plain !== undefined) {
      this.#listener.onHttp(plain, bytes, length, this.#finish());
      return;
    }
    this.#keep(bytes, length, kept);
    if (verdict === 'more') this.#waitForMore();
    else if (verdict === 'http' && plain !== undefined) this.#serve(plain);
    else this.#settle();
  }

  #waitForMore(): void {
    const nowMs = this.#settings.clock.nowMs();
    this.#begunMs ??= nowMs;
    if (nowMs - this.#begunMs >= SILENCE_MS) this.#settle();
    else this.#settings.deadlines.set(this.#deadline, FIRST_LINE_PAUSE_MS);
  }

  #keep(bytes: Buffer, length: number, kept: boolean): void {
    if (!kept) this.#unread.append(bytes, 0, length);
  }

  /** What came is all there is to judge by, and it is not TLS. */
  #settle(): void {
    this.#become(this.#chains.plain, 'no filter chain is for connections without TLS');
  }

  #become(target: ListenerTarget | undefined, otherwise: string): void {
    if (target !== this.#chains.plain) this.#server?.drop();
    if (target === undefined) this.#giveUp(otherwise);
    else if (target.tls !== undefined) {
      this.#finish();
      this.#listener.onTls(target, this.#unread.take());
    } else if (target.protocol === 'http') this.#serve(target);
    else this.#becomeOpaque(target, NO_BYTES);
  }

  #serve(target: ListenerTarget): void {
    const before = this.#unread.take();
    this.#listener.onHttp(target, before, before.length, this.#finish());
  }

  #onDeadline(): void {
    if (this.#unread.length > 0) this.#settle();
    else if (this.#draining || !this.#mayAskServer) this.#client.reset();
    else this.#askServer();
  }

  #askServer(): void {
    const { plain } = this.#chains;
    if (plain === undefined) return;
    this.#server = new EarlyServer(plain, this.#original, this.#settings, {
      onSpoken: (bytes) => {
        this.#listener.onServerFirst();
        this.#becomeOpaque(plain, bytes);
      },
      onEnded: () => this.#becomeOpaque(plain, NO_BYTES),
      onUnreachable: (reason) => {
        if (this.#unread.length === 0) this.#giveUp(reason);
      },
      onClosed: () => this.#giveUp('the server closed the connection'),
    });
    this.#server.ask();
  }

  #giveUp(reason: string): void {
    this.#finish();
    this.#listener.onUnreachable(reason);
  }

  #becomeOpaque(target: ListenerTarget, fromServer: Buffer): void {
    const before = this.#unread.take();
    this.#listener.onOpaque(target, before, this.#finish(), fromServer);
  }

  /** Stops everything but the connection to the server, if one stands, which is the caller's from now on. */
  #finish(): Established | undefined {
    this.#over = true;
    this.#settings.deadlines.clear(this.#deadline);
    return this.#server?.take();
  }
}

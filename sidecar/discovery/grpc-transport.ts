/**
 * Delta ADS over gRPC in plaintext, on Node's own HTTP/2. A gRPC library brings name resolution, balancing, retries and
 * service configuration for many calls to many servers: here is one stream to one server that is near, and the session
 * above knows what it has to say again after a loss. It was a fifth of what a sidecar loads (docs/decisions/014).
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '#api/foundation/clock.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import type { DeltaDiscoveryResponse } from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { FrameReader, frame, UnreadableMessage } from './grpc-frames.ts';
import { endingIn, refusalIn } from './grpc-status.ts';
import type { DiscoveryCall, DiscoveryEvents, DiscoveryTransport } from './transport.ts';

/** The whole configuration of a large mesh comes in one response. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** gRPC's default: a server that has not greeted within this is not there. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** Finds a control plane that vanished without closing the connection. */
export const PING_EVERY_MS = 30_000;
export const PING_TIMEOUT_MS = 10_000;

/**
 * What waits to be sent counts, and Node refuses the head of an answer beyond its default of 10 MB: less than a first
 * request of a big mesh may have.
 */
const MAX_SESSION_MEMORY = Number.MAX_SAFE_INTEGER;

const METHOD = AggregatedDiscovery.deltaAggregatedResources;

/** `target` is `unix:/path` or `host:port`. */
export function grpcTransport(target: string, clock: Clock = systemClock): DiscoveryTransport {
  const open = new Set<Call>();
  return {
    open(events) {
      const call = new Call(target, events, clock, () => open.delete(call));
      open.add(call);
      return call;
    },
    close() {
      for (const call of open) call.cancel();
    },
  };
}

/** One connection with one stream. */
class Call implements DiscoveryCall {
  readonly #events: DiscoveryEvents;
  readonly #clock: Clock;
  readonly #gone: () => void;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #frames = new FrameReader(MAX_MESSAGE_BYTES);
  #timer: Timer | undefined;
  #over = false;
  /** What the server said about the end. */
  #ending: string | undefined;

  constructor(target: string, events: DiscoveryEvents, clock: Clock, gone: () => void) {
    this.#events = events;
    this.#clock = clock;
    this.#gone = gone;
    this.#session = connect('http://localhost', {
      createConnection: () => socketTo(target),
      maxSessionMemory: MAX_SESSION_MEMORY,
    });
    this.#timer = clock.after(CONNECT_TIMEOUT_MS, () => this.#end('UNAVAILABLE: connecting timed out'));
    /** A kernel takes connections for a process that has stopped: only settings come from a server. */
    this.#session.once('remoteSettings', () => this.#pingLater());
    this.#session.on('error', (error) => this.#end(`UNAVAILABLE: ${messageOf(error)}`));
    this.#session.on('close', () => this.#end(this.#ending ?? 'UNAVAILABLE: the connection was closed'));
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': METHOD.path,
      ':authority': target.startsWith('unix:') ? 'localhost' : target,
      'content-type': 'application/grpc',
      'user-agent': 'weft-sidecar',
      te: 'trailers',
    });
    this.#listen();
  }

  send(request: Parameters<DiscoveryCall['send']>[0]): void {
    if (!this.#over) this.#stream.write(frame(METHOD.requestSerialize(request)));
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#gone();
    this.#session.destroy();
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on('response', (head) => {
      this.#ending = endingIn(head);
      const refusal = refusalIn(head);
      if (refusal !== undefined) this.#end(refusal);
    });
    stream.on('trailers', (trailers) => {
      this.#ending = endingIn(trailers);
    });
    stream.on('data', (piece: Buffer) => this.#receive(piece));
    /** Our side is open still, so that it does not close by itself. */
    stream.on('end', () => this.#end(this.#ending ?? 'UNAVAILABLE: the stream was closed'));
    stream.on('error', (error) => this.#end(this.#ending ?? `UNAVAILABLE: ${messageOf(error)}`));
    stream.on('close', () => this.#end(this.#ending ?? 'UNAVAILABLE: the stream was closed'));
  }

  #receive(piece: Buffer): void {
    try {
      for (const message of this.#frames.take(piece)) {
        if (this.#over) return;
        this.#events.response(decoded(message));
      }
    } catch (error) {
      if (!(error instanceof UnreadableMessage)) throw error;
      this.#end(error.message);
    }
  }

  #pingLater(): void {
    this.#timer?.cancel();
    if (!this.#over) this.#timer = this.#clock.after(PING_EVERY_MS, () => this.#ping());
  }

  #ping(): void {
    this.#timer = this.#clock.after(PING_TIMEOUT_MS, () => this.#end('UNAVAILABLE: a ping was not answered'));
    this.#session.ping((error) => {
      if (error === null) this.#pingLater();
    });
  }

  /** Told once, however many ways the end makes itself known. */
  #end(reason: string): void {
    if (this.#over) return;
    this.cancel();
    this.#events.ended(reason);
  }
}

function decoded(message: Buffer): DeltaDiscoveryResponse {
  try {
    return METHOD.responseDeserialize(message);
  } catch (error) {
    throw new UnreadableMessage(`INTERNAL: ${messageOf(error)}`);
  }
}

function socketTo(target: string): Socket {
  if (target.startsWith('unix:')) return connectSocket({ path: target.slice('unix:'.length) });
  const colon = target.lastIndexOf(':');
  const host = target.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return connectSocket({ host, port: Number(target.slice(colon + 1)), noDelay: true });
}

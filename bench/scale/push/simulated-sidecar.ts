/**
 * A sidecar as the control plane sees it: a connection of its own to the socket of sidecars, one delta ADS stream, the subscriptions
 * of a real sidecar, an ACK for every response. It applies nothing.
 */

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { AggregatedDiscovery } from '#api/xds/ads.ts';
import { DeltaDiscoveryRequestSchema } from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { sidecarNodeId } from '#api/xds/node-metadata.ts';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#api/xds/resource-types.ts';
import type { Interest } from '../control-plane.ts';
import { readDeltaResponse } from './delta-response.ts';

/** gRPC over HTTP/2: a byte that says `not compressed` and four of the length before each message. */
const PREFIX_BYTES = 5;
const WINDOW_BYTES = 16 * 2 ** 20;

export interface SidecarEvents {
  /** A response was acknowledged, just now. */
  readonly acknowledged: (typeUrl: string, message: Buffer) => void;
  readonly failed: (error: Error) => void;
}

export class SimulatedSidecar {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #interest: Interest;
  readonly #events: SidecarEvents;
  readonly #seen = new Set<string>();
  #pending: Buffer = Buffer.alloc(0);

  constructor(socketPath: string, pod: string, interest: Interest, events: SidecarEvents) {
    this.#interest = interest;
    this.#events = events;
    this.#session = connect('http://localhost', {
      createConnection: () => connectSocket(socketPath),
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    this.#session.on('error', events.failed);
    this.#session.on('connect', () => this.#session.setLocalWindowSize(WINDOW_BYTES));
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': AggregatedDiscovery.deltaAggregatedResources.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#stream.on('error', events.failed);
    this.#stream.on('end', () => events.failed(new Error('the control plane ended the stream')));
    const node = { id: sidecarNodeId(pod, 'default', '127.0.0.1') };
    this.#send({ node, typeUrl: CLUSTER_TYPE, resourceNamesSubscribe: ['*'] });
    this.#send({ typeUrl: LISTENER_TYPE, resourceNamesSubscribe: ['*'] });
  }

  /** Every type was answered. */
  get isSettled(): boolean {
    return this.#seen.size === 4;
  }

  #receive(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + this.#pending.readUInt32BE(1);
      if (this.#pending.length < end) return;
      const message = this.#pending.subarray(PREFIX_BYTES, end);
      this.#pending = this.#pending.subarray(end);
      this.#acknowledge(message);
    }
  }

  #acknowledge(message: Buffer): void {
    const { typeUrl, nonce } = readDeltaResponse(message);
    this.#send({ typeUrl, responseNonce: nonce });
    this.#events.acknowledged(typeUrl, message);
    if (this.#seen.has(typeUrl)) return;
    this.#seen.add(typeUrl);
    const { endpoints, routes } = this.#interest;
    if (typeUrl === CLUSTER_TYPE)
      this.#send({ typeUrl: ENDPOINT_TYPE, resourceNamesSubscribe: [...endpoints] });
    if (typeUrl === LISTENER_TYPE) this.#send({ typeUrl: ROUTE_TYPE, resourceNamesSubscribe: [...routes] });
  }

  #send(fields: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    const message = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, fields));
    const framed = Buffer.alloc(PREFIX_BYTES + message.length);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, PREFIX_BYTES);
    this.#stream.write(framed);
  }
}

/**
 * What is known of a request, or of an opaque connection, when it is over: the one source of access logs, of span
 * attributes and of the tags that expressions add to metrics. Records are views of what the data path holds anyway: a
 * field costs nothing until it is read, and nothing of a record may be kept.
 */
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import type { Peer, Reporter } from './telemetry.ts';

export interface StreamRecord {
  readonly reporter: Reporter;
  /** Start, milliseconds since the epoch. */
  readonly startWallMs: number;
  readonly durationMs: number;
  readonly flag: ResponseFlag;
  /** One sentence that says why it failed; '' when it did not fail here. */
  readonly reason: string;
  /** `ADDRESS:PORT`; '' when it is not known (any more). */
  readonly downstreamRemote: string;
  readonly downstreamLocal: string;
  /** The other side, as metrics know it: of inbound requests the caller. */
  readonly peer: Peer | undefined;
  /** Undefined when none was chosen. */
  readonly cluster: Cluster | undefined;
  /** The last one that was tried. */
  readonly endpoint: Endpoint | undefined;
  /** Own address of the connection to the endpoint; '' when there was none. */
  readonly upstreamLocal: string;
  /** SNI; '' when there was none. */
  readonly serverName: string;
}

/** Where octets stand, until something else of a record is asked for. */
export interface Octets {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** `in-words`: only the text of it can be had. */
export type Found = 'found' | 'missing' | 'in-words';

export interface RequestRecord extends StreamRecord {
  readonly kind: 'request';
  /** '' when the request could not be read. */
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** As it came, with its query. */
  readonly path: string;
  /** `HTTP/1.1` or `HTTP/1.0`; '' when the request could not be read. */
  readonly protocol: string;
  /** A header as it came or, once the request was composed, as it was sent; several lines joined by `, `. Names in lower case. */
  requestHeader(name: string): string | undefined;
  /** The same of the response's head as it came from upstream or was made here. */
  responseHeader(name: string): string | undefined;
  /** As `requestHeader`, without making a string of it; pseudo headers too. */
  findRequestHeader(name: string, into: Octets): Found;
  findResponseHeader(name: string, into: Octets): Found;
  findTraceId(into: Octets): Found;
  /** 0 when none was sent. */
  readonly status: number;
  /** Envoy's response code details: `via_upstream`, `route_not_found`, `response_timeout`, … */
  readonly details: string;
  /** '' when there is none, or it has no name. */
  readonly route: string;
  /** Tries so far. */
  readonly tries: number;
  /** Bytes of the bodies, and of heads and bodies together. */
  readonly requestBodyBytes: number;
  readonly requestBytes: number;
  readonly responseBodyBytes: number;
  readonly responseBytes: number;
  /** From the start to the last byte of the request, and to the first of the response; undefined before these came. Milliseconds. */
  readonly requestMs: number | undefined;
  readonly firstByteMs: number | undefined;
  /** How long the endpoint took from the request's head to the response's, milliseconds (`x-envoy-upstream-service-time`). */
  readonly upstreamServiceMs: number | undefined;
  /** Identifiers of the trace and of the span here; '' when it is not traced, and whether it is recorded. */
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

export interface ConnectionRecord extends StreamRecord {
  readonly kind: 'connection';
  /** Bytes from the client, and to it. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

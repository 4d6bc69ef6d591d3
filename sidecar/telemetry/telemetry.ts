import type { EndpointWorkload } from '#api/xds/node-metadata.ts';
import type { ResponseFlag } from '#sidecar/routing/response-flag.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { ConnectionRecord, RequestRecord } from './stream-record.ts';

/** Istio's `reporter` label: the client's sidecar, or the server's. */
export type Reporter = 'source' | 'destination';

/** The other side of an exchange: of an inbound request its caller, of an outbound one the endpoint's workload. */
export type Peer = EndpointWorkload & {
  readonly principal?: string;
  /** Labels `app` and `version`; the canonical name and revision stand in for them when they are not known. */
  readonly app?: string;
  readonly version?: string;
};

/**
 * The series of one (reporter, peer, service) triple, found once and kept by the connection or the exchange, so
 * that a finished request costs a few additions.
 */
export interface RequestMeter {
  observe(
    code: number,
    flag: ResponseFlag,
    durationMs: number,
    requestBytes: number,
    responseBytes: number,
    /** Of the request, for tags that are made of it. Absent where nobody can say more. */
    record?: RequestRecord,
  ): void;
}

/**
 * The same for an opaque connection. `sent` and `received` are counted from the side of the client. Istio's metrics are
 * named from the side of the server (`istio_tcp_sent_bytes_total` is what came back), and exposition turns them over.
 */
export interface TcpMeter {
  opened(): void;
  closed(flag: ResponseFlag): void;
  sent(bytes: number): void;
  received(bytes: number): void;
}

export interface Telemetry {
  requests(reporter: Reporter, peer: Peer | undefined, service: ServiceIdentity): RequestMeter;
  /** `record`: of the connection as it begins, for tags that are made of it. */
  tcp(
    reporter: Reporter,
    peer: Peer | undefined,
    service: ServiceIdentity,
    record?: ConnectionRecord,
  ): TcpMeter;
  /** `x-envoy-peer-metadata` of this workload, for the head of an outbound request. */
  readonly ownPeerMetadata: string;
  /** The caller that a received header value names; remembers what it decoded. Undefined when it cannot be read. */
  peerOf(headerValue: string): Peer | undefined;
}

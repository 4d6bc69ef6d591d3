/** Finds the meter of an exchange without asking telemetry again for what it said before. */
import type { Peer, Reporter, RequestMeter, Telemetry } from '#sidecar/telemetry/telemetry.ts';
import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Endpoint } from '#sidecar/upstream/endpoint.ts';
import { type Head, NO_LINE } from './head.ts';
import { sameOctets } from './octets.ts';

/** The service of requests that no cluster was found for. */
export const UNKNOWN_SERVICE: ServiceIdentity = { host: 'unknown', name: 'unknown', namespace: 'unknown' };

/** Istio's route for whoever may not be reached (REGISTRY_ONLY), and what its proxies call the destination then. */
const BLOCKED_ROUTE = 'block_all';
const BLACK_HOLE: ServiceIdentity = { host: 'unknown', name: 'BlackHoleCluster', namespace: 'unknown' };

/** The service of requests that a route answers by itself. */
export function serviceOfRoute(route: string): ServiceIdentity {
  return route === BLOCKED_ROUTE ? BLACK_HOLE : UNKNOWN_SERVICE;
}

/** Who sends the requests of a connection, as far as they say, and the meter of the service that it asked last. */
export interface Caller {
  readonly metadata: Buffer;
  readonly peer: Peer | undefined;
  service: ServiceIdentity | undefined;
  meter: RequestMeter | undefined;
}

export class RequestMeters {
  readonly #telemetry: Telemetry;
  readonly #reporter: Reporter;
  readonly #byEndpoint = new WeakMap<Endpoint, RequestMeter>();
  readonly #nobody: Caller = {
    metadata: Buffer.alloc(0),
    peer: undefined,
    service: undefined,
    meter: undefined,
  };

  constructor(telemetry: Telemetry, reporter: Reporter) {
    this.#telemetry = telemetry;
    this.#reporter = reporter;
  }

  /** The caller that a request head names; `before` is the connection's last one, which it nearly always still is. */
  caller(bytes: Buffer, head: Head, before: Caller | undefined): Caller {
    const line = head.peerMetadata;
    if (line === NO_LINE || this.#reporter === 'source') return this.#nobody;
    const start = head.valueStart[line]!;
    const end = head.valueEnd[line]!;
    if (before !== undefined && sameOctets(bytes, start, end, before.metadata)) return before;
    const metadata = Buffer.from(bytes.subarray(start, end));
    const peer = this.#telemetry.peerOf(metadata.toString('latin1'));
    return { metadata, peer, service: undefined, meter: undefined };
  }

  /** Towards an endpoint the peer is its workload; from a caller it is the caller. */
  of(service: ServiceIdentity, endpoint: Endpoint | undefined, caller: Caller | undefined): RequestMeter {
    if (this.#reporter === 'source' && endpoint !== undefined) return this.#ofEndpoint(service, endpoint);
    const known = caller ?? this.#nobody;
    if (known.service !== service || known.meter === undefined) {
      known.service = service;
      known.meter = this.#telemetry.requests(this.#reporter, known.peer, service);
    }
    return known.meter;
  }

  #ofEndpoint(service: ServiceIdentity, endpoint: Endpoint): RequestMeter {
    let meter = this.#byEndpoint.get(endpoint);
    if (meter === undefined) {
      meter = this.#telemetry.requests('source', endpoint.workload, service);
      this.#byEndpoint.set(endpoint, meter);
    }
    return meter;
  }
}

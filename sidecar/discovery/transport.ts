import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from '#api/xds/gen/envoy/service/discovery/v3/discovery_pb.js';

/** One delta ADS stream to the control plane. */
export interface DiscoveryCall {
  send(request: DeltaDiscoveryRequest): void;
  /** Ends the stream; `ended` is not called any more. */
  cancel(): void;
}

export interface DiscoveryEvents {
  readonly response: (response: DeltaDiscoveryResponse) => void;
  /** The stream is over; told once. */
  readonly ended: (reason: string) => void;
}

/** The way to the control plane. */
export interface DiscoveryTransport {
  /** Opens a stream, connecting first when need be; requests sent meanwhile wait. */
  open(events: DiscoveryEvents): DiscoveryCall;
  close(): void;
}

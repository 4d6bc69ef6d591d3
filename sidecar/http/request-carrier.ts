import type { Wire } from '#sidecar/tcp/wire.ts';
import type { Ending } from './ending.ts';

/** The connection that a request came by, as the request needs it. */
export interface RequestCarrier {
  /** Connections are wanted to end as soon as they can. */
  readonly draining: boolean;
  /** The whole request has come. */
  readonly requestComplete: boolean;
  /** The rest of the request is too long to be read for nothing, or may never come. */
  readonly restUnwanted: boolean;
  /** What decides whether to read on has changed. */
  adjustReading(): void;
  /** The request is held back: what comes of it is kept. */
  hold(): void;
  /** The request goes on: what was kept is passed on as soon as it can be. */
  letGo(): void;
  /** The response is sent whole; what is left of the request is read for nothing, or the connection ends. */
  requestOver(): void;
  /** Cuts the connection off. */
  abort(): void;
  /** The wire carries another protocol from now on; `closed` hears why it ended. */
  tunnel(upstream: Wire, closed: (ending: Ending) => void): void;
}

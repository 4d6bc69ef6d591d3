import { Pump } from '#sidecar/tcp/pump.ts';
import type { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';
import { type Ending, VIA_UPSTREAM } from './ending.ts';

/** Hears what passes through a tunnel, and of its end. */
export interface TunnelListener {
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
  onClosed(ending: Ending): void;
}

/** Two wires that carry another protocol, beginning with what was read of it already. */
export class Tunnel {
  readonly #downstream: Wire;
  readonly #upstream: Wire;
  /** Why it was ended here, if it was. */
  #ending: Ending = VIA_UPSTREAM;

  constructor(downstream: Wire, upstream: Wire, unread: Unread, listener: TunnelListener) {
    this.#downstream = downstream;
    this.#upstream = upstream;
    const pump = new Pump(downstream, upstream, {
      onSent: (bytes) => listener.onSent(bytes),
      onReceived: (bytes) => listener.onReceived(bytes),
      onClosed: () => listener.onClosed(this.#ending),
    });
    if (unread.length > 0) upstream.sendOwned(unread.take());
    pump.start();
  }

  /** As in Envoy, what is still to be written is dropped. */
  end(ending: Ending): void {
    this.#ending = ending;
    this.#downstream.destroy();
    this.#upstream.destroy();
  }
}

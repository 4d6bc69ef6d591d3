import { Pump, type PumpListener } from '#sidecar/tcp/pump.ts';
import type { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';

/** Lets two wires carry another protocol, beginning with what was read of it already. */
export function startTunnel(downstream: Wire, upstream: Wire, unread: Unread, listener: PumpListener): void {
  const pump = new Pump(downstream, upstream, listener);
  if (unread.length > 0) upstream.sendOwned(unread.take());
  pump.start();
}

import { Pump } from '#sidecar/tcp/pump.ts';
import type { Unread } from '#sidecar/tcp/unread.ts';
import type { Wire } from '#sidecar/tcp/wire.ts';

/**
 * Lets two wires carry another protocol, beginning with what was read of it already. `sent` hears of bytes that went up,
 * `closed`, once both are closed, how many came back.
 */
export function startTunnel(
  downstream: Wire,
  upstream: Wire,
  unread: Unread,
  sent: (bytes: number) => void,
  closed: (received: number) => void,
): void {
  let received = 0;
  const pump = new Pump(downstream, upstream, {
    onSent: sent,
    onReceived: (bytes) => {
      received += bytes;
    },
    onClosed: () => closed(received),
  });
  if (unread.length > 0) upstream.sendOwned(unread.take());
  pump.start();
}

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectionOptions } from '#sidecar/security/upstream-tls.ts';
import type { Chosen } from './pick-collector.ts';

/** A connection to a collector that keeps no process alive. Throws when its TLS cannot be used. */
export function openSocket({ endpoint, tls }: Chosen, protocol: 'h2' | 'http/1.1'): Socket {
  const to = {
    host: endpoint.address,
    port: endpoint.port,
    noDelay: true,
    ...(endpoint.localAddress === undefined ? {} : { localAddress: endpoint.localAddress }),
  };
  const socket =
    tls === undefined
      ? connect(to)
      : connectTls({ ...connectionOptions(tls), ...to, ALPNProtocols: [protocol] });
  socket.unref();
  return socket;
}

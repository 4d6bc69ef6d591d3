import { connect } from 'node:net';
import type { Outcome } from './prober.ts';

export interface TcpProbe {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly localAddress: string | undefined;
}

/** Passes when the port accepts a connection. */
export function probeTcp({ host, port, timeoutMs, localAddress }: TcpProbe): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
    const finish = (ok: boolean, message: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok, message });
    };
    const timer = setTimeout(() => finish(false, `no connection within ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => finish(true, ''));
    socket.on('error', (error) => finish(false, error.message));
  });
}

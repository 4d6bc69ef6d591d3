/** The viewer put together: two receivers among the pods, one store, pages on the loopback. */
import type { AddressInfo, Server } from 'node:net';
import { type Clock, sleep } from '#api/foundation/clock.ts';
import { codeOf, WeftError } from '#api/foundation/errors.ts';
import type { Logger } from '#api/foundation/logger.ts';
import { boundConnections } from './intake/connections.ts';
import { createGrpcReceiver } from './intake/grpc-receiver.ts';
import { createHttpReceiver } from './intake/http-receiver.ts';
import { Intake } from './intake/intake.ts';
import { LIMITS } from './limits.ts';
import { createMetrics } from './metrics.ts';
import type { Address } from './model/address.ts';
import { createWebServer } from './pages/web-server.ts';
import { TraceStore } from './store/trace-store.ts';

export interface TraceViewerSettings {
  readonly pages: Address;
  readonly grpc: Address;
  readonly http: Address;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TraceViewer extends AsyncDisposable {
  readonly store: TraceStore;
  /** Where it listens. */
  readonly ports: { readonly pages: number; readonly grpc: number; readonly http: number };
}

/** Throws a WeftError `PortTaken`. Waits for an address that the host does not have yet. */
export async function startTraceViewer(settings: TraceViewerSettings): Promise<TraceViewer> {
  const { clock, logger } = settings;
  const store = new TraceStore(LIMITS);
  const intake = new Intake(store, clock);
  let connectionsRefused = 0;
  const metrics = createMetrics(intake.counts, store.counts, () => connectionsRefused);
  let exposed = '';
  const refresh = async (): Promise<void> => {
    exposed = await metrics.metrics();
  };
  await refresh();
  const timer = setInterval(() => void refresh(), METRICS_MS);

  const pages = createWebServer({ store, expose: () => exposed, wallMs: clock.wallMs, logger });
  const grpc = createGrpcReceiver(intake);
  const http = createHttpReceiver(intake);
  for (const receiver of [grpc, http])
    boundConnections(receiver, LIMITS, () => {
      connectionsRefused += 1;
    });
  await listen(grpc, settings.grpc, settings);
  await listen(http, settings.http, settings);
  // Last: whoever finds the pages may send.
  await listen(pages, settings.pages, settings);
  const ports = { pages: portOf(pages), grpc: portOf(grpc), http: portOf(http) };
  logger.info('serving', ports);
  return {
    store,
    ports,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      pages.closeAllConnections();
      http.closeAllConnections();
      for (const server of [pages, grpc, http]) server.close();
    },
  };
}

/** How old the figures of `/metrics` may be. */
const METRICS_MS = 1_000;
const RETRY_MS = 200;

/** The node's address among the pods is there when the node runtime has made it, which may be later. */
async function listen(
  server: Server,
  { host, port }: Address,
  { clock, logger }: TraceViewerSettings,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await listenOnce(server, host, port);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EADDRINUSE')
        throw new WeftError('PortTaken', `port ${port} of ${host} is in use`, {
          remedy: 'stop what listens there',
        });
      if (code !== 'EADDRNOTAVAIL') throw error;
      if (attempt === 0) logger.info('waiting for the address', { host });
      await sleep(clock, RETRY_MS);
    }
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { messageOf } from '#api/foundation/errors.ts';
import { portError } from '../apiserver/port-error.ts';

export interface MonitoringServer {
  readonly port: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** `/metrics` and `/ready` on 127.0.0.1. Rejects with a WeftError `PortInUse`. */
export async function startMonitoring(options: {
  readonly port: number;
  readonly registry: Registry;
  readonly isReady: () => boolean;
}): Promise<MonitoringServer> {
  const server = createServer((request, response) => {
    void answer(options, request.url ?? '/', response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portError(options.port, cause, 'monitoringPort')));
    server.listen(options.port, HOST, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: { readonly registry: Registry; readonly isReady: () => boolean },
  url: string,
  response: ServerResponse,
): Promise<void> {
  const say = (code: number, text: string, type = 'text/plain'): void => {
    response.writeHead(code, { 'content-type': type }).end(text);
  };
  switch (url.split('?')[0]) {
    case '/metrics':
      try {
        return say(200, await options.registry.metrics(), options.registry.contentType);
      } catch (error) {
        return say(500, messageOf(error));
      }
    case '/ready':
      return options.isReady() ? say(200, 'ready') : say(503, 'starting');
    default:
      return say(404, 'here are /metrics and /ready');
  }
}

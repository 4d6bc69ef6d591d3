import type { Registry } from 'prom-client';
import { type PageServer, type Pages, startPages } from '#api/foundation/page-server.ts';

/** `/metrics` and `/ready` on 127.0.0.1, and what else there is. Rejects with a WeftError `PortInUse` or `PortForbidden`. */
export function startMonitoring(options: {
  readonly port: number;
  readonly registry: Registry;
  readonly isReady: () => boolean;
  readonly pages?: Pages;
}): Promise<PageServer> {
  const { port, registry, isReady } = options;
  return startPages({
    port,
    setting: 'monitoringPort',
    pages: {
      '/metrics': async () => ({ text: await registry.metrics(), type: registry.contentType }),
      '/ready': () => (isReady() ? { text: 'ready' } : { code: 503, text: 'starting' }),
      ...options.pages,
    },
  });
}

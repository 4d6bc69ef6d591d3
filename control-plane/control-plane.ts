import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { analyze, readProposals } from './analysis/analysis.ts';
import { startApiServer } from './apiserver/api-server.ts';
import { ensureCredentials, keepCertificateFresh } from './apiserver/credentials.ts';
import { createLocalClient } from './apiserver/local-client.ts';
import { createRegistry } from './apiserver/registry/registry.ts';
import { invalidObjects } from './apiserver/registry/statuses.ts';
import { ensureSystemNamespaces } from './apiserver/system-namespaces.ts';
import type { WeftServices } from './apiserver/weft-paths.ts';
import { startControllers } from './controllers/controllers.ts';
import { discoveryPage } from './monitoring/discovery/discovery-page.ts';
import { createMetrics } from './monitoring/metrics.ts';
import { startMonitoring } from './monitoring/monitoring-server.ts';
import { observeStore } from './monitoring/store-metrics.ts';
import { startPush } from './push/push.ts';
import { inputOptionsOf } from './settings/input-options.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';

export interface Tools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Starts everything that the control plane is, in the order in which the parts need one another, and returns the way
 * to stop it, in the other order. Whatever fails at the start takes down what had started before it.
 */
export async function startControlPlane(config: MeshConfig, tools: Tools): Promise<AsyncDisposable> {
  const { clock, random, logger } = tools;
  const paths = pathsOf(config);
  let ready = false;
  let weft: WeftServices | undefined;
  await using started = new AsyncDisposableStack();

  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const metrics = createMetrics();
  const observed = { registry: metrics.registry, clock, path: paths.store };
  const opened = started.adopt(openSqliteStore({ path: paths.store }), (open) => open.close());
  const store = observeStore(opened, observed);
  const registry = createRegistry({ store, clock, random, newUid: randomUUID });
  const client = createLocalClient(registry);
  await ensureSystemNamespaces(client);

  const isReady = (): boolean => ready;
  const monitoring = {
    port: config.monitoringPort,
    registry: metrics.registry,
    isReady,
    pages: { '/sd/prometheus': discoveryPage(client, config) },
  };
  started.adopt(await startMonitoring(monitoring), (server) => server.close());

  const api = await startApiServer({
    ...(await ensureCredentials(config, clock.wallMs())),
    ...tools,
    registry,
    port: config.apiPort,
    weft: () => weft,
    isReady,
    requests: metrics.requests,
  });
  started.defer(() => api.close());
  started.defer(keepCertificateFresh(api, config, clock, logger));

  const controllers = startControllers({ client, config, ...tools, observeQueue: metrics.observeQueue });
  started.defer(() => controllers.close());

  const push = await startPush({ client, config, ...tools, registry: metrics.registry });
  started.defer(() => push.close());
  weft = {
    ledger: push.ledger,
    async analyze(objects) {
      const { proposals, mistakes } = readProposals(objects);
      if (mistakes.length > 0) throw invalidObjects(mistakes);
      return analyze(client, inputOptionsOf(config), proposals, clock.wallMs());
    },
  };

  ready = true;
  logger.info('the control plane serves', { api: api.port, xds: config.xdsPort, store: paths.store });
  return started.move();
}

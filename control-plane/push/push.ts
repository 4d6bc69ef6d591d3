import { Registry } from 'prom-client';
import type { Client } from '#api/client/client.ts';
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { type MeshConfig, pathsOf } from '#api/mesh/config.ts';
import { inputOptionsOf, type TranslatedConfig } from '#control-plane/settings/input-options.ts';
import { World } from '#control-plane/translation/world.ts';
import { startAdsServer } from './ads-server.ts';
import type { AnySession } from './ads-stream.ts';
import { ConnectedProxies } from './connected-proxies.ts';
import { Fleet } from './fleet.ts';
import { type Batch, startInputFeed } from './input-feed.ts';
import { KeptSettings } from './kept-settings.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createPushMetrics } from './metrics.ts';
import { reconciled } from './reconciled.ts';
import { watchRefusals } from './refusal-watch.ts';
import { RevisionLog } from './revision-log.ts';
import { createSettingsGate } from './settings-gate.ts';
import { createStatusWriter } from './status-writer.ts';
import { countBatch } from './triggers.ts';

export interface PushOptions {
  readonly client: Client;
  readonly config: Pick<MeshConfig, 'dataDir' | 'runDir' | 'xdsPort'> & TranslatedConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the metrics go; a new one when absent. */
  readonly registry?: Registry;
}

export interface PushServer {
  readonly ledger: Ledger;
  readonly registry: Registry;
  close(): Promise<void>;
}

/**
 * Starts what brings the mesh's state to its proxies. Resolves when it serves, and it serves only when the whole
 * mesh was read: a proxy that reconnects must never be told of a world that is half there.
 */
export async function startPush(options: PushOptions): Promise<PushServer> {
  const { client, config, clock, random } = options;
  const logger = options.logger.with({ component: 'push' });
  const registry = options.registry ?? new Registry();
  const fleet = new Fleet<AnySession>(new World(inputOptionsOf(config)));
  const { inputs } = fleet.world;
  const metrics = createPushMetrics(registry, {
    services: () => inputs.services.size,
    virtualServices: () => inputs.virtualServices.size,
  });
  const connected = new ConnectedProxies(metrics.connected);
  const revisions = new RevisionLog();
  const statuses = createStatusWriter({ client, clock, logger });
  const refusals = watchRefusals(fleet, { client, clock, statuses });
  const passing = createSettingsGate({
    client,
    clock,
    logger,
    kept: new KeptSettings(pathsOf(config).settings, logger),
  });
  const deliver = ({ changes, revision, debouncedMs }: Batch): void => {
    const startedMs = clock.nowMs();
    const change = fleet.apply(passing(changes));
    revisions.record(fleet.generation, revision);
    const seconds = (clock.nowMs() - startedMs) / 1000;
    metrics.applied({ seconds, debouncedSeconds: debouncedMs / 1000 });
    countBatch(changes, metrics);
    statuses.report(change.diagnoses.flatMap(reconciled));
    if (fleet.generation === 1) for (const { object } of changes) refusals.recall(object);
  };
  const feed = startInputFeed(client, { clock, random, logger }, deliver);
  await feed.synced;
  const address = { socketPath: pathsOf(config).xdsSocket, port: config.xdsPort };
  const server = await startAdsServer(address, { fleet, clock, logger, metrics, connected });
  logger.info('serving xDS', { socket: address.socketPath, port: address.port });
  return {
    ledger: createLedger({ fleet, revisions, clock, caughtUp: (revision) => feed.caughtUp(revision) }),
    registry,
    async close() {
      feed.stop();
      refusals.stop();
      await server.close();
      await statuses.idle();
    },
  };
}

/**
 * The sidecar, put together: configuration in, connections through, metrics out. Each part is handed what it needs
 * and does not know its neighbours.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { startAdmin } from './admin/admin.ts';
import { startDiscovery } from './discovery/discovery.ts';
import { EjectionLog } from './discovery/ejection-log.ts';
import { nodeOf } from './discovery/node.ts';
import type { DiscoveryTransport } from './discovery/transport.ts';
import { DeadlineMemory } from './http/deadline-memory.ts';
import type { MirrorCounts } from './http/mirror.ts';
import { BoundListeners } from './intercept/bound-listeners.ts';
import { ConnectionCount, connectionsWithin } from './intercept/connection-count.ts';
import { type Interception, startInterception } from './intercept/interception.ts';
import type { OriginalDestinationReader } from './intercept/original-destination.ts';
import { exposeMeshMetrics } from './telemetry/exposition.ts';
import { MeshTelemetry } from './telemetry/mesh-telemetry.ts';
import { createGauges } from './telemetry/process-metrics.ts';
import { type BreakerName, UpstreamCounts } from './telemetry/upstream-counts.ts';
import { exposeUpstreamCounts } from './telemetry/upstream-exposition.ts';

/** What the sidecar needs of the world. */
export interface World {
  readonly transport: DiscoveryTransport;
  readonly originalDestination: OriginalDestinationReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Descriptors that the process may have open; absent: any number. */
  readonly openFiles?: number;
}

export interface Sidecar {
  /** Configured, listening and not draining. */
  isReady(): boolean;
  readonly ports: {
    readonly outbound: number;
    readonly inbound: number;
    readonly admin: number;
    readonly metrics: number;
    readonly readiness: number;
  };
  /** Takes no new connections, ends the open ones between requests; resolves when none is left or time is up. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything. `onQuit` is called when somebody asks over the admin port. Rejects when a port cannot be bound. */
export async function startSidecar(
  config: SidecarConfig,
  world: World,
  onQuit: () => void,
): Promise<Sidecar> {
  const { clock, logger } = world;
  let draining: Promise<void> | undefined;

  const telemetry = new MeshTelemetry({
    name: config.pod,
    namespace: config.namespace,
    workload: config.workload,
    cluster: config.clusterId,
    labels: config.labels,
  });
  const upstream = new UpstreamCounts();
  const witness = new EjectionLog(logger, clock, upstream);
  const discovery = startDiscovery({
    ...world,
    node: nodeOf(config),
    nameServer: config.nameServer,
    witness,
  });
  const deadlineMemory = new DeadlineMemory(clock);
  const gate = new ConnectionCount(connectionsWithin(world.openFiles ?? Number.POSITIVE_INFINITY));
  const pod = `${config.pod}.${config.namespace}`;
  const shared = {
    ...world,
    snapshot: discovery.snapshot,
    telemetry,
    deadlineMemory,
    gate,
    host: '0.0.0.0',
    pod,
  };
  const outbound = await startInterception({ ...shared, direction: 'outbound', port: config.ports.outbound });
  const inbound = await startInterception({ ...shared, direction: 'inbound', port: config.ports.inbound });

  const bound = new BoundListeners({
    newGroup: () => outbound.group(),
    drainMs: config.drainMs,
    clock,
    logger,
  });
  discovery.snapshot.watch((snapshot) => {
    bound.update(snapshot);
    outbound.endStale();
    inbound.endStale();
  });

  const isReady = (): boolean => discovery.ready.value && draining === undefined;
  const drain = (): Promise<void> => {
    draining ??= drainAll([outbound, inbound, bound], config.drainMs, logger);
    return draining;
  };
  const mirrored = (what: keyof MirrorCounts): number => outbound.mirrors[what] + inbound.mirrors[what];
  const used = (...breakers: readonly BreakerName[]): number => {
    let sum = 0;
    for (const cluster of discovery.configuration.clusters.all)
      for (const breaker of breakers) sum += cluster.breakers[breaker].used;
    return sum;
  };
  const gauges = createGauges([
    gauge('weft_sidecar_ready', 'Whether traffic is taken.', () => Number(isReady())),
    gauge('weft_sidecar_discovery_connected', 'Whether the control plane is there.', () =>
      Number(discovery.connected.value),
    ),
    gauge('weft_sidecar_outbound_connections', 'Open outbound connections.', () => outbound.connections()),
    gauge('weft_sidecar_bound_connections', 'Open connections to listeners of its own.', () =>
      bound.connections(),
    ),
    gauge('weft_sidecar_inbound_connections', 'Open inbound connections.', () => inbound.connections()),
    gauge('weft_sidecar_connections_limit', 'How many connections may come in.', () => gate.limit),
    gauge('weft_sidecar_connections_refused', 'Connections that there was no room for.', () => gate.refused),
    gauge('weft_sidecar_upstream_connections', 'Open connections to endpoints.', () => used('connections')),
    gauge('weft_sidecar_upstream_requests', 'Requests that breakers count as under way or waiting.', () =>
      used('requests', 'pending', 'retries'),
    ),
    gauge('weft_sidecar_mirrored_requests_started', 'Copies of requests that were sent to mirrors.', () =>
      mirrored('started'),
    ),
    gauge('weft_sidecar_mirrored_requests_answered', 'Those that were answered whole.', () =>
      mirrored('answered'),
    ),
    gauge('weft_sidecar_mirrored_requests_dropped', 'Those that were given up.', () => mirrored('dropped')),
  ]);
  const subject = {
    discovery,
    isReady,
    async *metrics() {
      yield* exposeMeshMetrics(telemetry);
      yield* exposeUpstreamCounts(upstream.read(discovery.configuration.clusters.all));
      yield gauges();
    },
    startDrain: () => void drain(),
    quit: onQuit,
  };
  const admin = await startAdmin(subject, config, clock, logger);

  return {
    isReady,
    ports: { ...admin.ports, outbound: outbound.address().port, inbound: inbound.address().port },
    drain,
    async close() {
      discovery.close();
      bound.close();
      await Promise.all([outbound.close(), inbound.close(), admin.close()]);
    },
  };
}

async function drainAll(
  interceptions: readonly Pick<Interception, 'connections' | 'drain'>[],
  drainMs: number,
  logger: Logger,
): Promise<void> {
  const open = (): number => interceptions.reduce((sum, each) => sum + each.connections(), 0);
  logger.info('draining', { connections: open(), drainMs });
  await Promise.all(interceptions.map((each) => each.drain(drainMs)));
  logger.info('drained', { left: open() });
}

function gauge(name: string, help: string, read: () => number) {
  return { name, help, read };
}

/**
 * The sidecar, put together: configuration in, connections through, metrics out. Each part is handed what it needs
 * and does not know its neighbours.
 */
import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { NOTABLES_PATH } from '#api/mesh/notable.ts';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { ACCESS_LOG_METRICS } from './access-log/access-log-metrics.ts';
import { AccessLogs } from './access-log/access-logs.ts';
import type { LineSink } from './access-log/line-sink.ts';
import { startAdmin } from './admin/admin.ts';
import { APP_METRICS, AppMetrics } from './admin/app-metrics.ts';
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
import { BreakerWatch } from './notables/breaker-watch.ts';
import { NotableLog } from './notables/notable-log.ts';
import { notablesPage } from './notables/notables-page.ts';
import { SidecarObservers } from './observers.ts';
import { MeshTelemetry } from './telemetry/mesh-telemetry.ts';
import { SidecarMetrics } from './telemetry/sidecar-metrics.ts';
import { readMetrics } from './telemetry/text-format.ts';
import { UpstreamCounts } from './telemetry/upstream-counts.ts';
import { proxyIdentityOf } from './tracing/proxy-identity.ts';
import { Tracers } from './tracing/tracers.ts';

/** What the sidecar needs of the world. */
export interface World {
  readonly transport: DiscoveryTransport;
  readonly originalDestination: OriginalDestinationReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where access logs go; absent: nowhere. */
  readonly lines?: LineSink;
  /** Variables that tags of traces may name; absent: there are none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
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
    readonly ownMetrics: number;
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
  const notables = new NotableLog(Math.floor(world.random() * 2 ** 48).toString(36), clock);
  const note = notables.note.bind(notables);
  const witness = new EjectionLog(logger, clock, upstream, note);
  const discovery = startDiscovery({
    ...world,
    node: nodeOf(config),
    nameServer: config.nameServer,
    witness,
  });
  const tracers = new Tracers({
    ...world,
    environment: world.environment ?? {},
    clusters: discovery.configuration.clusters,
    proxy: proxyIdentityOf(config),
  });
  const lines = world.lines ?? NOWHERE;
  const accessLogs = new AccessLogs({
    sink: lines,
    hostName: config.pod,
    wallMs: clock.wallMs,
  });
  const observers = new SidecarObservers({ telemetry, tracers, accessLogs, logger });
  const deadlineMemory = new DeadlineMemory(clock);
  const gate = new ConnectionCount(connectionsWithin(world.openFiles ?? Number.POSITIVE_INFINITY));
  const pod = `${config.pod}.${config.namespace}`;
  const shared = {
    ...world,
    snapshot: discovery.snapshot,
    telemetry,
    observers,
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
    /** What the last requests recorded goes out with them. */
    draining ??= drainAll([outbound, inbound, bound], config.drainMs, logger).then(() => tracers.close());
    return draining;
  };
  const appMetrics = config.appMetrics === undefined ? undefined : new AppMetrics(config.appMetrics);
  const metrics = new SidecarMetrics({
    telemetry,
    upstream,
    clusters: () => discovery.configuration.clusters.all,
    idle: () => [...outbound.idle(), ...inbound.idle()],
    configuration: () => ({
      ledger: discovery.configuration.ledger,
      updates: discovery.updates,
      dns: discovery.configuration.clusters.named,
    }),
    traffic: () => ({
      version: config.version,
      ready: isReady(),
      connected: discovery.connected.value,
      outbound: outbound.connections(),
      inbound: inbound.connections(),
      bound: bound.connections(),
      gate,
      mirrors: sumOf(outbound.mirrors, inbound.mirrors),
    }),
    nowMs: () => clock.nowMs(),
  });
  const subject = {
    discovery,
    isReady,
    async *metrics() {
      yield* metrics.expose();
      yield tracers.expose();
      yield* readMetrics(ACCESS_LOG_METRICS, lines);
      if (appMetrics !== undefined) yield* readMetrics(APP_METRICS, appMetrics.scrapes);
    },
    appMetrics,
    startDrain: () => void drain(),
    quit: onQuit,
    forNode: { [`GET ${NOTABLES_PATH}`]: notablesPage(notables, clock) },
  };
  const breakers = new BreakerWatch(() => discovery.configuration.clusters.all, clock, note);
  const admin = await startAdmin(subject, config, clock, logger);

  return {
    isReady,
    ports: { ...admin.ports, outbound: outbound.address().port, inbound: inbound.address().port },
    drain,
    async close() {
      discovery.close();
      metrics.close();
      breakers.close();
      bound.close();
      await Promise.all([outbound.close(), inbound.close(), admin.close()]);
      await tracers.close();
      accessLogs.close();
    },
  };
}

const NOWHERE: LineSink = { write: () => false, written: 0, dropped: 0 };

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

function sumOf(...counts: readonly Readonly<MirrorCounts>[]): MirrorCounts {
  const sum = { started: 0, answered: 0, dropped: 0 };
  for (const each of counts) {
    sum.started += each.started;
    sum.answered += each.answered;
    sum.dropped += each.dropped;
  }
  return sum;
}

import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import type { Discovery } from '#sidecar/discovery/discovery.ts';
import { type AppMetrics, appTimeoutMs } from './app-metrics.ts';
import { configDump } from './config-dump.ts';
import { type HttpServer, json, metrics, type Page, type Pages, serve, text } from './http-server.ts';
import { clusterLines, liveClusters } from './live-clusters.ts';

/** What the admin pages show and do. */
export interface AdminSubject {
  readonly discovery: Discovery;
  /** Ready to take traffic: configured, listening and not draining. */
  readonly isReady: () => boolean;
  /** The sidecar's own metrics in Prometheus' text format. */
  readonly metrics: () => AsyncIterable<string>;
  /** Undefined when the app has none. */
  readonly appMetrics: AppMetrics | undefined;
  /** Stops taking new connections; returns at once. */
  readonly startDrain: () => void;
  /** Drains and ends the process; returns at once. */
  readonly quit: () => void;
  /** What the node alone may read, over the socket file. */
  readonly forNode?: Pages;
}

export interface Admin {
  readonly ports: {
    readonly admin: number;
    readonly metrics: number;
    readonly ownMetrics: number;
    readonly readiness: number;
  };
  close(): Promise<void>;
}

/** Opens readiness and metrics to everybody, and the rest to this pod (and to the node, over the socket file). */
export async function startAdmin(
  subject: AdminSubject,
  config: Pick<SidecarConfig, 'ports' | 'adminSocket'>,
  clock: Clock,
  logger: Logger,
): Promise<Admin> {
  const { ports, adminSocket } = config;
  const pages = adminPages(subject, clock);
  const readiness = await serve({ host: '0.0.0.0', port: ports.readiness }, readinessPages(subject), logger);
  const merged = await serve({ host: '0.0.0.0', port: ports.metrics }, mergedPages(subject), logger);
  const own = await serve({ host: '0.0.0.0', port: ports.ownMetrics }, ownPages(subject), logger);
  const admin = await serve({ host: '127.0.0.1', port: ports.admin }, pages, logger);
  const servers: HttpServer[] = [readiness, merged, own, admin];
  if (adminSocket !== undefined) {
    servers.push(await serve({ path: adminSocket }, { ...pages, ...subject.forNode }, logger));
  }
  return {
    ports: {
      admin: admin.port,
      metrics: merged.port,
      ownMetrics: own.port,
      readiness: readiness.port,
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

function readinessPages(subject: AdminSubject): Pages {
  return { 'GET /healthz/ready': () => readiness(subject) };
}

function readiness({ isReady }: AdminSubject) {
  return isReady() ? text(200, 'LIVE\n') : text(503, 'not ready\n');
}

/** What the sidecar counts. */
function ownPages(subject: AdminSubject): Pages {
  const page = () => metrics(subject.metrics());
  return { 'GET /metrics': page, 'GET /stats/prometheus': page };
}

/** And behind it what the app counts, so that a pod has one address to be scraped at. */
function mergedPages(subject: AdminSubject): Pages {
  const { appMetrics } = subject;
  if (appMetrics === undefined) return ownPages(subject);
  const page: Page = async (_query, headers) => {
    const app = await appMetrics.read(appTimeoutMs(single(headers['x-prometheus-scrape-timeout-seconds'])));
    return metrics(both(subject.metrics(), app));
  };
  return { 'GET /metrics': page, 'GET /stats/prometheus': page };
}

async function* both(own: AsyncIterable<string>, app: string): AsyncGenerator<string> {
  yield* own;
  yield app;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function adminPages(subject: AdminSubject, clock: Clock): Pages {
  const { configuration } = subject.discovery;
  return {
    ...ownPages(subject),
    'GET /ready': () => readiness(subject),
    'GET /config_dump': () => json(configDump(configuration, clock.nowMs())),
    'GET /clusters': (query) =>
      query.get('format') === 'json'
        ? json({ clusters: liveClusters(configuration, clock.nowMs()) })
        : text(200, clusterLines(configuration, clock.nowMs())),
    'GET /stats': () => metrics(subject.metrics()),
    'POST /drain_listeners': () => {
      subject.startDrain();
      return text(200, 'OK\n');
    },
    'POST /quitquitquit': () => {
      subject.quit();
      return text(200, 'OK\n');
    },
  };
}

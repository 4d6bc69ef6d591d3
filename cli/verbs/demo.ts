import type { Command } from 'commander';
import type { MeshConfig } from '#api/mesh/config.ts';
import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import { addonOf } from '../addons/addons.ts';
import type { AskedAddons } from '../addons/choose-addons.ts';
import { addonFlags, askedAddons } from '../addons/flags.ts';
import { PROMETHEUS } from '../addons/prometheus.ts';
import { awaitTargets, type Coverage } from '../addons/prometheus-targets.ts';
import { applyRoute, bookinfoPods, examplePath, productPage, startBookinfo } from '../demo/bookinfo.ts';
import { findPageTrace } from '../demo/page-trace.ts';
import { type DemoReport, formatReport } from '../demo/report.ts';
import { type Observed, sendLoad } from '../demo/traffic.ts';
import { EXIT } from '../failure.ts';
import { ensureHost } from '../mesh/ensure-host.ts';
import { needRoot } from '../mesh/need-root.ts';
import { startMesh } from '../mesh/start-mesh.ts';
import type { Progress } from '../output/progress.ts';
import type { Session } from '../session.ts';

const REVIEWS = '/api/v1/products/0/reviews';
const REQUESTS = 300;
const CONCURRENCY = 6;
/** Opens the connections and lets the balancers see each endpoint once, so that what is measured is the mesh at work. */
const WARM_UP = 30;

export function define(command: Command, session: Session): void {
  addonFlags(command)
    .addHelpText(
      'after',
      '\nStarts the mesh and Bookinfo, sends requests, applies a 90/10 split of reviews, sends again, and\nleaves everything running. Run it again as often as you like; weft down removes it.',
    )
    .action((options: Readonly<Record<string, unknown>>) => demo(session, askedAddons(options)));
}

async function demo(session: Session, asked: AskedAddons): Promise<void> {
  needRoot('demo');
  const progress = await session.progress();
  await ensureHost(progress);
  const { config } = await startMesh(session.dirs, {}, asked, progress, session.signal);
  const client = await session.client();
  await progress.run('bookinfo: 4 services, 6 pods, each with its sidecar', (step) =>
    startBookinfo(client, step, session.signal, config.addons.traces !== undefined),
  );
  const page = await productPage(client);
  const watched = await firstScrape(session, progress, config, page);
  const before = await observe(session, progress, page, `${REQUESTS} requests, balanced by latency`, WARM_UP);
  await progress.run(
    'route: reviews 90 % v1, 10 % v2',
    () => applyRoute(client, 'virtual-service-reviews-90-10.yaml'),
    (ms) => `live on every sidecar after ${Math.round(ms)} ms`,
  );
  const after = await observe(session, progress, page, `${REQUESTS} requests, split 90/10`, 0);
  const traces = await lookAtTraces(session, progress, config, `${page}/productpage`);
  const pods = await bookinfoPods(client);
  const report = {
    pods,
    before,
    after,
    pageUrl: `${page}/productpage`,
    traces,
    sidecarMetrics: `http://${pods[0]?.status?.podIP ?? 'POD-IP'}:${SIDECAR_PORTS.metrics}/metrics`,
    controlPlaneMetrics: `http://127.0.0.1:${config.monitoringPort}/metrics`,
    weft: session.env['WEFT_COMMAND'] ?? './weft',
    networking: `${examplePath()}/networking`,
    prometheus: watched === undefined ? undefined : { url: PROMETHEUS.url(config), ...watched },
  };
  session.print(formatReport(report, session.style));
  if (before.failed + after.failed > 0) session.exit(EXIT.failed);
}

/** Where the trace of a page and the search for others are, beside a trace viewer. */
async function lookAtTraces(
  session: Session,
  progress: Progress,
  config: MeshConfig,
  page: string,
): Promise<DemoReport['traces']> {
  if (config.addons.traces === undefined) return undefined;
  const viewer = addonOf('traces')!.url(config);
  const trace = await progress.run(
    'traces: a page from its first sidecar to its last',
    () => findPageTrace({ viewer, page, signal: session.signal }),
    (url) => (url === undefined ? 'none has come yet' : 'whole'),
  );
  return { trace, search: `${viewer}/search` };
}

/** Before what is measured: a counter that Prometheus meets for the first time tells no rate of what was before. */
async function firstScrape(
  session: Session,
  progress: Progress,
  config: MeshConfig,
  page: string,
): Promise<Coverage | undefined> {
  if (config.addons.prometheus === undefined) return undefined;
  for (const path of [REVIEWS, '/productpage'])
    await sendLoad({ url: `${page}${path}`, requests: WARM_UP, concurrency: 1, signal: session.signal });
  const names = (await bookinfoPods(await session.client())).map(({ metadata }) => metadata.name);
  return progress.run(
    'Prometheus reads every target once',
    (step) => awaitTargets(config, names, step, session.signal),
    ({ targets, lacking: [first] }) => (first === undefined ? `${targets} targets, all up` : `not: ${first}`),
  );
}

function observe(
  session: Session,
  progress: Progress,
  page: string,
  title: string,
  warmUp: number,
): Promise<Observed> {
  const url = `${page}${REVIEWS}`;
  const load = { url, concurrency: CONCURRENCY, signal: session.signal };
  return progress.run(
    title,
    async () => {
      if (warmUp > 0) await sendLoad({ ...load, requests: warmUp });
      return sendLoad({ ...load, requests: REQUESTS });
    },
    ({ failed }) => (failed === 0 ? 'none failed' : `${failed} failed`),
  );
}

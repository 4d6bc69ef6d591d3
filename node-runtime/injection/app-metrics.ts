/**
 * Where an app tells its metrics, and what its pod's annotations become, as Istio's injector has it: with a sidecar the pod
 * is scraped at the merged page alone, so `prometheus.io/…` point there, and what they said before goes to the sidecar. It
 * is kept in an annotation of its own, since the pod is read again whenever the node runtime or the sidecar starts again.
 */
import { WeftError } from '#api/foundation/errors.ts';
import type { Pod } from '#api/kinds/pod.ts';
import { SIDECAR_PORTS } from '#api/mesh/ports.ts';
import type { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { isGateway } from './template.ts';

const SCRAPE = 'prometheus.io/scrape';
const PORT = 'prometheus.io/port';
const PATH = 'prometheus.io/path';
/** `"false"`: the annotations stay as they are, and the merged page has the sidecar's part only. */
const MERGE = 'prometheus.istio.io/merge-metrics';
/** `PORT/PATH` of the app, or nothing when it has no metrics. */
export const APP_METRICS_ANNOTATION = 'weft.dev/app-metrics';

/** Istio's, where neither the annotation nor a container names one. */
const DEFAULT_PORT = 80;
const DEFAULT_PATH = '/metrics';
const MAX_PATH_LENGTH = 512;

type AppMetrics = NonNullable<SidecarConfig['appMetrics']>;
type Described = Pick<Pod, 'metadata' | 'spec'>;

/** Undefined when the app has none, or none to be merged. Throws a WeftError `InjectionRefused` that names the annotation. */
export function appMetricsOf(pod: Described): AppMetrics | undefined {
  const { annotations = {} } = pod.metadata;
  if (isGateway(pod) || annotations[MERGE] === 'false') return undefined;
  const kept = annotations[APP_METRICS_ANNOTATION];
  if (kept !== undefined) return kept === '' ? undefined : partsOf(kept);
  if (annotations[SCRAPE] !== 'true') return undefined;
  const declared = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return {
    port: portFrom(PORT, annotations[PORT] ?? String(declared ?? DEFAULT_PORT)),
    path: pathFrom(PATH, annotations[PATH] ?? DEFAULT_PATH),
  };
}

/** What the pod's annotations become; nothing new where they are refused, of which the pod's status tells. */
export function scrapeAnnotations(pod: Described): Readonly<Record<string, string>> {
  if (pod.metadata.annotations?.[MERGE] === 'false') return {};
  let app: AppMetrics | undefined;
  try {
    app = appMetricsOf(pod);
  } catch (error) {
    if (error instanceof WeftError) return {};
    throw error;
  }
  return {
    [SCRAPE]: 'true',
    [PORT]: String(SIDECAR_PORTS.metrics),
    [PATH]: '/stats/prometheus',
    [APP_METRICS_ANNOTATION]: app === undefined ? '' : `${app.port}${app.path}`,
  };
}

function partsOf(kept: string): AppMetrics {
  const slash = kept.indexOf('/');
  return {
    port: portFrom(APP_METRICS_ANNOTATION, slash < 0 ? kept : kept.slice(0, slash)),
    path: slash < 0 ? DEFAULT_PATH : pathFrom(APP_METRICS_ANNOTATION, kept.slice(slash)),
  };
}

function portFrom(annotation: string, word: string): number {
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (port < 1 || port > 65_535) refuse(annotation, word, 'write a port such as 8080');
  if (Object.values<number>(SIDECAR_PORTS).includes(port))
    refuse(annotation, word, "write a port of the app's, this is one of its sidecar's");
  return port;
}

/** It becomes part of a request line. */
function pathFrom(annotation: string, path: string): string {
  const fine = path.startsWith('/') && path.length <= MAX_PATH_LENGTH && /^[\x21-\x7e]*$/.test(path);
  return fine ? path : refuse(annotation, path.slice(0, 100), 'write a path such as /metrics');
}

function refuse(annotation: string, value: string, remedy: string): never {
  throw new WeftError('InjectionRefused', `annotation ${annotation} has ${JSON.stringify(value)}`, {
    remedy,
  });
}

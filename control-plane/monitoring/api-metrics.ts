/**
 * The API's requests under kube-apiserver's names and labels (staging/src/k8s.io/apiserver/pkg/endpoints/metrics), so
 * that dashboards for it read this one. A method that is no verb of Kubernetes is `other`, a path that is no resource
 * has the resource '': nobody can grow the series by asking for what is not there.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Described, RequestObserver } from '../apiserver/observation.ts';

/** kube-apiserver's bounds, and finer ones below: most answers of an embedded store take a millisecond. */
const BUCKETS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1],
  ...[1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];

const VERBS = new Set([
  ...['GET', 'LIST', 'WATCH', 'POST', 'PUT', 'PATCH', 'DELETE', 'DELETECOLLECTION', 'CONNECT'],
  ...['HEAD', 'OPTIONS'],
]);
const READING = new Set(['GET', 'LIST', 'HEAD', 'OPTIONS']);
/** What stays for as long as the caller wants is no request whose latency means something. */
const LONG_RUNNING = new Set(['WATCH', 'CONNECT']);

const LABELS = [
  'verb',
  'dry_run',
  'group',
  'version',
  'resource',
  'subresource',
  'scope',
  'component',
] as const;
const LONG_LABELS = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

export function createApiMetrics(registry: Registry): RequestObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests to the API, by verb, resource and code.',
    labelNames: [...LABELS, 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Seconds from a request to the end of its answer; watches and streams left out.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests that are being answered, by request_kind (mutating, readOnly).',
    labelNames: ['request_kind'],
    registers,
  });
  const longRunning = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches and streams that are open, by verb and resource.',
    labelNames: LONG_LABELS,
    registers,
  });
  for (const request_kind of ['mutating', 'readOnly']) inFlight.set({ request_kind }, 0);
  return {
    began(described) {
      const labels = labelsOf(described);
      const { dry_run: _, ...long } = labels;
      const isLong = LONG_RUNNING.has(labels.verb);
      const request_kind = READING.has(labels.verb) ? 'readOnly' : 'mutating';
      if (isLong) longRunning.inc(long);
      else inFlight.inc({ request_kind });
      return (code, seconds) => {
        requests.inc({ ...labels, code });
        if (isLong) longRunning.dec(long);
        else {
          inFlight.dec({ request_kind });
          durations.observe(labels, seconds);
        }
      };
    },
  };
}

function labelsOf({ verb, kind, subresource, scope, dryRun }: Described) {
  return {
    verb: VERBS.has(verb) ? verb : 'other',
    dry_run: dryRun ? 'All' : '',
    group: kind?.group ?? '',
    version: kind?.version ?? '',
    resource: kind?.resource ?? '',
    subresource,
    scope,
    component: 'apiserver',
  };
}

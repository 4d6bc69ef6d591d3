import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { programVersion } from '#api/foundation/program-version.ts';
import type { RequestObserver } from '../apiserver/observation.ts';
import type { ObserveQueue } from '../controllers/queue/queue-observer.ts';
import { createApiMetrics } from './api-metrics.ts';
import { createQueueMetrics } from './queue-metrics.ts';

export interface ControlPlaneMetrics {
  readonly registry: Registry;
  readonly requests: RequestObserver;
  readonly observeQueue: ObserveQueue;
}

/** Gauges of prom-client that are named as if they were counters, which `promtool check metrics` refuses. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export function createMetrics(): ControlPlaneMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const version = programVersion();
  new Gauge({
    name: 'pilot_info',
    help: 'Version of the control plane; always 1.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  new Gauge({
    name: 'istio_build',
    help: 'Component and version (tag) of what runs here; always 1.',
    labelNames: ['component', 'tag'],
    registers: [registry],
  }).set({ component: 'pilot', tag: version }, 1);
  return {
    registry,
    requests: createApiMetrics(registry),
    observeQueue: createQueueMetrics(registry),
  };
}

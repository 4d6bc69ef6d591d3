import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Observation } from '../apiserver/api-server.ts';

export interface ControlPlaneMetrics {
  readonly registry: Registry;
  observe(observation: Observation): void;
}

/** kube-apiserver's names, so that dashboards for it read this one. */
export function createMetrics(revision: () => Promise<number>): ControlPlaneMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests to the API, by verb, resource and code.',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Seconds from a request to the end of its answer, by verb and resource; watches left out.',
    labelNames: ['verb', 'resource'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  new Gauge({
    name: 'weft_store_revision',
    help: 'The present revision of the store.',
    registers,
    async collect() {
      this.set(await revision());
    },
  });
  return {
    registry,
    observe({ verb, resource, code, seconds }) {
      requests.inc({ verb, resource, code });
      if (verb !== 'WATCH') durations.observe({ verb, resource }, seconds);
    },
  };
}

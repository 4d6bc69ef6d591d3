/** The controllers' queues under client-go's names (component-base/metrics/prometheus/workqueue), bounds included. */
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObserveQueue } from '../controllers/queue/queue-observer.ts';

const BUCKETS = exponentialBuckets(1e-6, 10, 10);
const labelNames = ['name'] as const;

export function createQueueMetrics(registry: Registry): ObserveQueue {
  const registers = [registry];
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Objects that wait for a controller to look at them, by controller.',
    labelNames,
    registers,
  });
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Objects that were queued, by controller; one that waits already is not queued again.',
    labelNames,
    registers,
  });
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'Seconds that an object waited in its queue.',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'Seconds that a controller took over an object.',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Rounds that failed and are tried again, by controller.',
    labelNames,
    registers,
  });
  return (name) => {
    depth.set({ name }, 0);
    adds.inc({ name }, 0);
    retries.inc({ name }, 0);
    return {
      added: () => adds.inc({ name }),
      depth: (keys) => depth.set({ name }, keys),
      began: (seconds) => waited.observe({ name }, seconds),
      ended: (seconds) => worked.observe({ name }, seconds),
      retried: () => retries.inc({ name }),
    };
  };
}

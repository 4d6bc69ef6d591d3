import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type ResourceType, SHORT_NAMES } from '#api/xds/resource-types.ts';
import type { Push } from './session-state.ts';

export interface PushMetrics {
  pushed(push: Push): void;
  refused(type: ResourceType): void;
  connected(proxies: number): void;
  /** One proxy: from a change until it has acknowledged all that it brought. */
  converged(seconds: number): void;
  /** One batch of changes: derivation and hand-over to the streams. */
  applied(seconds: number): void;
}

/** Under the names that Istio's control plane uses, so that its dashboards read them. */
export function createPushMetrics(registry: Registry): PushMetrics {
  const registers = [registry];
  const pushes = new Counter({
    name: 'pilot_xds_pushes',
    help: 'Responses sent to proxies, by type (cds, eds, lds, rds).',
    labelNames: ['type'],
    registers,
  });
  const rejects = new Counter({
    name: 'pilot_total_xds_rejects',
    help: 'Responses that proxies refused, by type.',
    labelNames: ['type'],
    registers,
  });
  const connected = new Gauge({ name: 'pilot_xds', help: 'Proxies connected over xDS.', registers });
  const convergence = new Histogram({
    name: 'pilot_proxy_convergence_time',
    help: 'Seconds from a change until a proxy has acknowledged all that it brought.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 30],
    registers,
  });
  const pushTime = new Histogram({
    name: 'pilot_xds_push_time',
    help: 'Seconds to derive one batch of changes and hand it to the streams.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  return {
    pushed: ({ type }) => pushes.inc({ type: SHORT_NAMES[type].toLowerCase() }),
    refused: (type) => rejects.inc({ type: SHORT_NAMES[type].toLowerCase() }),
    connected: (proxies) => connected.set(proxies),
    converged: (seconds) => convergence.observe(seconds),
    applied: (seconds) => pushTime.observe(seconds),
  };
}

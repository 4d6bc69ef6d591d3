/**
 * The push of configuration under istiod's names (pilot/pkg/xds/monitoring.go, pkg/xds/monitoring.go), its labels and
 * at least its bounds, so that dashboards for it read this one. Where a bound is missing there it is for what takes
 * milliseconds here. Names that istiod counts under and that do not end in `_total` are left untyped.
 */
import { Gauge, Histogram, type Registry } from 'prom-client';
import { RESOURCE_TYPES, type ResourceType, SHORT_NAMES } from '#api/xds/resource-types.ts';
import { UntypedCounter } from '../monitoring/untyped-counter.ts';
import type { Push } from './session-state.ts';

/** Why something is pushed, in istiod's words (pilot/pkg/model/push_context.go, TriggerReason). */
export type Trigger = 'endpoint' | 'config' | 'service' | 'proxy' | 'proxyrequest' | 'secret';

/** What came in (istiod's `type` of `pilot_inbound_updates`). */
export type Inbound = 'config' | 'eds' | 'svc' | 'svcdelete';

export interface PushMetrics {
  /** One response: composed and handed to its stream, in this time. */
  pushed(push: Push, seconds: number): void;
  /** A refusal by the proxy of that name. */
  refused(type: ResourceType, proxy: string): void;
  /** Connected proxies, by the version that each says it is. */
  connected(version: string, proxies: number): void;
  /** One proxy: from a change until it has acknowledged all that it brought. */
  converged(seconds: number): void;
  /** One proxy: from a change until all of it was sent, which acknowledgements may hold back. */
  queued(seconds: number): void;
  /** One batch of changes was derived, and every proxy looked at it. */
  applied(batch: { readonly seconds: number; readonly debouncedSeconds: number }): void;
  triggered(why: Trigger): void;
  received(what: Inbound): void;
}

/** What the world has, read at every scrape. */
export interface WorldSize {
  services(): number;
  virtualServices(): number;
}

/** istiod's bounds, and finer ones below. */
const PUSH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 20, 30];
/** istiod's bounds: 4 MB is gRPC's usual limit. */
const PUSH_BYTES = [1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000];

/** Proxies whose refusals are told apart; those of more come under no name. */
const MAX_REFUSING = 200;

export function createPushMetrics(registry: Registry, size: WorldSize): PushMetrics {
  const registers = [registry];
  const histogram = (name: string, help: string, labelNames: readonly 'type'[] = []): Histogram<'type'> =>
    new Histogram({ name, help, labelNames, buckets: PUSH_SECONDS, registers });
  const counter = (name: string, help: string): UntypedCounter<'type'> =>
    new UntypedCounter({ name, help, labelNames: ['type'], registers });

  const pushes = counter('pilot_xds_pushes', 'Responses sent to proxies, by type (cds, eds, lds, rds).');
  const pushTime = histogram('pilot_xds_push_time', 'Seconds to write one response and hand it on.', [
    'type',
  ]);
  const bytes = new Histogram({
    name: 'pilot_xds_config_size_bytes',
    help: 'Bytes of configuration in one response, by type.',
    labelNames: ['type'],
    buckets: PUSH_BYTES,
    registers,
  });
  const rejects = counter('pilot_total_xds_rejects', 'Responses that proxies refused, by type.');
  const rejectsOf = rejectGauges(registers);
  const connected = new Gauge({
    name: 'pilot_xds',
    help: 'Proxies connected over xDS, by their version.',
    labelNames: ['version'],
    registers,
  });
  const convergence = histogram(
    'pilot_proxy_convergence_time',
    'Seconds from a change until a proxy has acknowledged all that it brought.',
  );
  const queueTime = histogram(
    'pilot_proxy_queue_time',
    'Seconds from a change until all of it was sent to a proxy.',
  );
  const debounce = histogram(
    'pilot_debounce_time',
    'Seconds from the first change of a batch until the batch is taken in.',
  );
  const derivation = histogram(
    'pilot_pushcontext_init_seconds',
    'Seconds to derive one batch of changes and show it to every proxy.',
  );
  const triggers = counter(
    'pilot_push_triggers',
    'Reasons to push: batches of changes that hold such a one.',
  );
  const inbound = counter(
    'pilot_inbound_updates',
    'Changes taken in, by type (config, eds, svc, svcdelete).',
  );
  watchSize(size, registers);
  for (const type of RESOURCE_TYPES) rejects.inc({ type: short(type) }, 0);

  return {
    pushed({ type: full, resources }, seconds) {
      const type = short(full);
      pushes.inc({ type });
      pushTime.observe({ type }, seconds);
      bytes.observe(
        { type },
        resources.reduce((sum, resource) => sum + resource.bytes.length, 0),
      );
    },
    refused(type, proxy) {
      rejects.inc({ type: short(type) });
      rejectsOf(type, proxy);
    },
    connected: (version, proxies) => connected.set({ version }, proxies),
    converged: (seconds) => convergence.observe(seconds),
    queued: (seconds) => queueTime.observe(seconds),
    applied({ seconds, debouncedSeconds }) {
      derivation.observe(seconds);
      debounce.observe(debouncedSeconds);
    },
    triggered: (type) => triggers.inc({ type }),
    received: (type) => inbound.inc({ type }),
  };
}

function short(type: ResourceType): string {
  return SHORT_NAMES[type].toLowerCase();
}

/** `pilot_xds_cds_reject` and its like, which istiod keeps for dashboards that know them. */
function rejectGauges(registers: Registry[]): (type: ResourceType, proxy: string) => void {
  const gauges = new Map(
    RESOURCE_TYPES.map((type) => [
      type,
      new Gauge({
        name: `pilot_xds_${short(type)}_reject`,
        help: `Responses of type ${short(type)} that proxies refused, by proxy.`,
        labelNames: ['node'],
        registers,
      }),
    ]),
  );
  const known = new Set<string>();
  return (type, proxy) => {
    if (known.size < MAX_REFUSING) known.add(proxy);
    gauges.get(type)?.inc({ node: known.has(proxy) ? proxy : '' });
  };
}

function watchSize(size: WorldSize, registers: Registry[]): void {
  new Gauge({
    name: 'pilot_services',
    help: 'Services that proxies are told of, those of ServiceEntries included.',
    registers,
    collect() {
      this.set(size.services());
    },
  });
  new Gauge({
    name: 'pilot_virt_services',
    help: 'VirtualServices that are in the mesh.',
    registers,
    collect() {
      this.set(size.virtualServices());
    },
  });
}

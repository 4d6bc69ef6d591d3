import type { Encoded } from '../encoded.ts';
import type { Inputs } from '../model/inputs.ts';
import type { PodFacts } from '../model/pod-facts.ts';
import { collectorHost } from './collectors.ts';
import { telemetryFor } from './in-force.ts';
import type { Mode } from './merge-tracing.ts';
import { type Observed, planSide, type SidePlan, type Surroundings } from './observation.ts';
import { isPlain, Side } from './observed-listener.ts';
import { type Providers, providersOf } from './providers.ts';

/** How a workload is seen. */
export interface Observation {
  /** Equal when the same is seen in the same way. */
  readonly key: string;
  /** Clusters of those who are told, that a proxy must know whatever else it sees of the mesh. */
  readonly clusters: ReadonlySet<string>;
  /** A listener as it is for this workload. */
  lay(listener: Encoded, mode: Mode): Encoded;
}

export const UNOBSERVED: Observation = { key: '', clusters: new Set(), lay: (listener) => listener };

/** Plans that differ: more than this, and sharing starts over. */
const MAX_SIDES = 10_000;

/** What becomes of the Telemetry objects and the settings for each workload, made when it is asked for. */
export class Observations {
  readonly #inputs: Inputs;
  readonly #sides = new Map<string, Side>();
  #surroundings: Surroundings | undefined;
  #epoch = 0;

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** Another number: what was made before may not hold any more. */
  get epoch(): number {
    return this.#epoch;
  }

  get providers(): Providers {
    return this.#known().providers;
  }

  /** Something changed that observations depend on. */
  forget(): void {
    this.#epoch += 1;
    this.#surroundings = undefined;
  }

  /** Hosts whose coming and going decides whether there is somebody to tell. */
  collectorHosts(): string[] {
    return this.#inputs.settings.extensionProviders.flatMap(({ opentelemetry }) =>
      opentelemetry === undefined ? [] : [collectorHost(opentelemetry)],
    );
  }

  of(observed: Observed): Observation {
    const [client, server] = [this.#side('CLIENT', observed), this.#side('SERVER', observed)];
    if (client === undefined && server === undefined) return UNOBSERVED;
    const clusters = [client, server].flatMap((side) => side?.plan.tracing?.collector.cluster ?? []);
    const sides = { CLIENT: client?.side, SERVER: server?.side };
    return {
      key: JSON.stringify([client?.side.key, server?.side.key]),
      clusters: new Set(clusters),
      lay: (listener, mode) => sides[mode]?.lay(listener) ?? listener,
    };
  }

  #side(mode: Mode, observed: Observed): { plan: SidePlan; side: Side } | undefined {
    const { telemetries, rootNamespace } = this.#inputs;
    const inForce = telemetryFor(observed.pod, telemetries.values(), rootNamespace);
    const plan = planSide(mode, inForce, observed, this.#known());
    const side = this.#sideOf(plan);
    return side && { plan, side };
  }

  /** Undefined when there is nothing to lay over. The same plan is the same object. */
  #sideOf(plan: SidePlan): Side | undefined {
    if (isPlain(plan)) return undefined;
    const key = JSON.stringify(plan);
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    const opaque = plan.tracing === undefined ? undefined : this.#sideOf({ ...plan, tracing: undefined });
    if (this.#sides.size >= MAX_SIDES) this.#sides.clear();
    const side = new Side(plan, key, opaque);
    this.#sides.set(key, side);
    return side;
  }

  #known(): Surroundings {
    const { settings, options, services } = this.#inputs;
    this.#surroundings ??= {
      settings,
      providers: providersOf(settings, options.traces !== undefined),
      services,
      meshId: options.meshId ?? options.clusterDomain,
    };
    return this.#surroundings;
  }
}

/** Follows how one proxy's workload is seen. A pod that was deleted stays who it was: its sidecar is draining. */
export function followObservation(
  observations: Observations,
  pod: () => PodFacts | undefined,
  as: Omit<Observed, 'pod'>,
): () => Observation {
  let known = UNOBSERVED;
  let of: PodFacts | undefined;
  let epoch = -1;
  return () => {
    const present = pod() ?? of;
    if (present === undefined || (present === of && epoch === observations.epoch)) return known;
    [of, epoch] = [present, observations.epoch];
    known = observations.of({ pod: present, ...as });
    return known;
  };
}

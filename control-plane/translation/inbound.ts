/**
 * What a pod's sidecar gets for its own app. Pods of one workload have the same ports and services, so the
 * encoded listener and clusters are shared by what they say, not made for each pod.
 */

import { inboundClusterOf } from './clusters/original-destination.ts';
import { serviceMetadata } from './clusters/outbound-cluster.ts';
import type { Encoded } from './encoded.ts';
import { virtualInbound } from './listeners/virtual-inbound.ts';
import { inboundPorts } from './model/inbound-ports.ts';
import type { Inputs } from './model/inputs.ts';

export interface InboundResources {
  readonly listener: Encoded;
  readonly clusters: readonly Encoded[];
}

/** Pods whose workloads differ in ports and services: more than this in one mesh, and sharing starts over. */
const MAX_SHAPES = 10_000;

export class InboundTable {
  readonly #inputs: Inputs;
  readonly #byPod = new Map<string, { sidecars: number; resources: InboundResources }>();
  readonly #byShape = new Map<string, InboundResources>();

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** A sidecar of this pod is there: keep its resources up to date. */
  retain(podKey: string): void {
    const entry = this.#byPod.get(podKey) ?? { sidecars: 0, resources: this.#derive(podKey) };
    this.#byPod.set(podKey, { ...entry, sidecars: entry.sidecars + 1 });
  }

  release(podKey: string): void {
    const entry = this.#byPod.get(podKey);
    if (entry === undefined) return;
    if (entry.sidecars === 1) this.#byPod.delete(podKey);
    else this.#byPod.set(podKey, { ...entry, sidecars: entry.sidecars - 1 });
  }

  /** Of a pod that is not known: everything passes through. */
  get(podKey: string): InboundResources {
    return this.#byPod.get(podKey)?.resources ?? this.#derive(podKey);
  }

  /**
   * Derives again for the pods that have a sidecar. Returns those that now get something else, with what they had.
   * A pod that was deleted keeps what it has: its sidecar is draining.
   */
  refresh(namespaces: ReadonlySet<string>, pods: ReadonlySet<string>): Map<string, InboundResources> {
    const changed = new Map<string, InboundResources>();
    for (const [key, entry] of this.#byPod) {
      const stale = pods.has(key) || namespaces.has(key.slice(0, key.indexOf('/')));
      if (!stale || !this.#inputs.pods.has(key)) continue;
      const resources = this.#derive(key);
      if (resources === entry.resources) continue;
      this.#byPod.set(key, { ...entry, resources });
      changed.set(key, entry.resources);
    }
    return changed;
  }

  #derive(podKey: string): InboundResources {
    const pod = this.#inputs.pods.get(podKey);
    const ports = pod === undefined ? [] : inboundPorts(pod, this.#inputs.servicesIn(pod.namespace));
    const shape = JSON.stringify([
      pod?.limits,
      ports.map((port) => [port.number, port.protocol, port.services.map(serviceMetadata)]),
    ]);
    const known = this.#byShape.get(shape);
    if (known !== undefined) return known;
    const resources = {
      listener: virtualInbound(ports, pod?.limits),
      clusters: ports.map((port) => inboundClusterOf(port.number, port.services.map(serviceMetadata))),
    };
    if (this.#byShape.size >= MAX_SHAPES) this.#byShape.clear();
    this.#byShape.set(shape, resources);
    return resources;
  }
}

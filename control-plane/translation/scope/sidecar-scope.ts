/**
 * What of the mesh a workload sees, and what becomes of the rest (Istio's Sidecar kind). Pure.
 */
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import type { EgressListener, Sidecar } from '#api/kinds/sidecar.ts';
import { byAge, isWildcard, keyOf, wildcardCovers } from '../model/host-match.ts';
import type { MeshService } from '../model/mesh-service.ts';

export interface SidecarScope {
  /** The same for workloads that see the same. */
  readonly id: string;
  /** Destinations that nobody names are reached as addressed; else they are refused. */
  readonly allowAny: boolean;
  sees(service: Pick<MeshService, 'host' | 'namespace'>, port: number): boolean;
}

/** Istio's default without any Sidecar: the whole mesh, and the world beyond it. */
export const EVERYTHING: SidecarScope = { id: '', allowAny: true, sees: () => true };

/**
 * The Sidecar that is in force for a workload: one of its namespace that selects it, else one of its namespace for
 * all, else the root namespace's; of several the oldest.
 */
export function sidecarFor(
  workload: { readonly namespace: string; readonly labels: Labels },
  sidecars: Iterable<Stored<Sidecar>>,
  rootNamespace: string,
): Stored<Sidecar> | undefined {
  const all = [...sidecars];
  const of = (namespace: string) =>
    all.filter(({ metadata }) => metadata.namespace === namespace).sort(byAge);
  const home = of(workload.namespace);
  return (
    home.find((sidecar) => isFor(sidecar, workload.labels)) ??
    home.find((sidecar) => selectorOf(sidecar) === undefined) ??
    of(rootNamespace).find((sidecar) => selectorOf(sidecar) === undefined)
  );
}

export function scopeOf(sidecar: Stored<Sidecar> | undefined, namespace: string): SidecarScope {
  if (sidecar === undefined) return EVERYTHING;
  const { egress, outboundTrafficPolicy } = sidecar.spec;
  const allowAny = outboundTrafficPolicy?.mode !== 'REGISTRY_ONLY';
  const id = JSON.stringify([keyOf(sidecar), namespace, egress, outboundTrafficPolicy]);
  if (egress === undefined || egress.length === 0) return { id, allowAny, sees: () => true };
  const listeners = egress.map((listener) => ({
    port: listener.port?.number,
    patterns: patternsOf(listener, namespace),
  }));
  return {
    id,
    allowAny,
    sees(service, port) {
      const own = listeners.filter((listener) => listener.port === port);
      const asked = own.length > 0 ? own : listeners.filter((listener) => listener.port === undefined);
      return asked.some(({ patterns }) => patterns.some((pattern) => matches(pattern, service)));
    },
  };
}

interface Pattern {
  /** Undefined: every namespace. */
  readonly namespace: string | undefined;
  readonly host: string;
}

function patternsOf({ hosts }: EgressListener, home: string): Pattern[] {
  return hosts.flatMap((text): Pattern[] => {
    const slash = text.indexOf('/');
    const namespace = slash < 0 ? '*' : text.slice(0, slash);
    const host = text.slice(slash + 1).toLowerCase();
    if (namespace === '~') return [];
    if (namespace === '*') return [{ namespace: undefined, host }];
    return [{ namespace: namespace === '.' ? home : namespace, host }];
  });
}

function matches({ namespace, host }: Pattern, service: Pick<MeshService, 'host' | 'namespace'>): boolean {
  if (namespace !== undefined && namespace !== service.namespace) return false;
  return host === '*' || host === service.host || (isWildcard(host) && wildcardCovers(host, service.host));
}

function isFor(sidecar: Stored<Sidecar>, labels: Labels): boolean {
  const selector = selectorOf(sidecar);
  return selector !== undefined && carries(labels, selector);
}

function selectorOf({ spec }: Stored<Sidecar>): Labels | undefined {
  const labels = spec.workloadSelector?.labels;
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
}

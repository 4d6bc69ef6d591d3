/**
 * Which Telemetry objects speak of a workload, in the order in which they override one another (Istio): the root
 * namespace's, the own namespace's, and those of the own namespace that select it. Of several that are for a whole
 * namespace the oldest speaks alone.
 */
import type { Stored } from '#api/kinds/meta.ts';
import { carries, type Labels } from '#api/kinds/selectors.ts';
import type { Telemetry } from '#api/kinds/telemetry.ts';
import { byAge } from '../model/host-match.ts';

export interface Workload {
  readonly namespace: string;
  readonly labels: Labels;
}

export function telemetryFor(
  { namespace, labels }: Workload,
  telemetries: Iterable<Stored<Telemetry>>,
  rootNamespace: string,
): Stored<Telemetry>[] {
  const all = [...telemetries].sort(byAge);
  const general = (home: string) => all.find((each) => homeOf(each) === home && isGeneral(each));
  const root = general(rootNamespace);
  const own = namespace === rootNamespace ? undefined : general(namespace);
  const selecting = all.filter(
    (each) => homeOf(each) === namespace && !isGeneral(each) && carries(labels, selectorOf(each)),
  );
  return [root, own, ...selecting].filter((each) => each !== undefined);
}

/** It is for every workload of its namespace. */
export function isGeneral(telemetry: Stored<Telemetry>): boolean {
  return Object.keys(selectorOf(telemetry)).length === 0;
}

export function selectorOf({ spec }: Stored<Telemetry>): Labels {
  return spec.selector?.matchLabels ?? {};
}

export function homeOf({ metadata }: Stored<Telemetry>): string {
  return metadata.namespace ?? 'default';
}

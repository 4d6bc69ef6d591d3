import type { Stored } from '#api/kinds/meta.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import type { WorkloadEntry, WorkloadEntrySpec } from '#api/kinds/workload-entry.ts';
import { formatWorkload } from '#api/xds/node-metadata.ts';
import { type Locality, localityOfLabels, NOWHERE, parseLocality } from './locality.ts';

/** An address that is no pod and answers for services: a WorkloadEntry, or an endpoint that a ServiceEntry names. */
export interface Workload {
  readonly namespace: string;
  /** Undefined for one that nobody can reach. */
  readonly address: string | undefined;
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Labels;
  readonly locality: Locality;
  readonly weight: number;
  /** Endpoint metadata, as for pods. */
  readonly workload: string;
}

export function workloadOf(entry: Stored<WorkloadEntry>, clusterId: string): Workload {
  const { name, namespace = 'default', labels = {} } = entry.metadata;
  return workload(entry.spec, { name, namespace, labels: { ...labels, ...entry.spec.labels } }, clusterId);
}

/** `name` is the ServiceEntry's. */
export function inlineWorkload(
  spec: WorkloadEntrySpec,
  home: { name: string; namespace: string },
  clusterId: string,
): Workload {
  return workload(spec, { ...home, labels: spec.labels ?? {} }, clusterId);
}

function workload(
  spec: WorkloadEntrySpec,
  { name, namespace, labels }: { name: string; namespace: string; labels: Labels },
  clusterId: string,
): Workload {
  const canonicalName = labels['service.istio.io/canonical-name'] ?? labels['app'] ?? name;
  const canonicalRevision = labels['service.istio.io/canonical-revision'] ?? labels['version'] ?? 'latest';
  return {
    namespace,
    address: spec.address,
    ports: spec.ports ?? {},
    labels,
    locality:
      spec.locality === undefined ? (localityOfLabels(labels) ?? NOWHERE) : parseLocality(spec.locality),
    weight: spec.weight ?? 1,
    workload: formatWorkload({
      workload: name,
      namespace,
      canonicalName,
      canonicalRevision,
      cluster: clusterId,
    }),
  };
}

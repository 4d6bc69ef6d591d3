import type { Stored } from '#api/kinds/meta.ts';
import type { Pod } from '#api/kinds/pod.ts';
import type { Labels } from '#api/kinds/selectors.ts';
import { limitsOf, type WorkloadLimits } from '#api/mesh/workload-limits.ts';
import { formatWorkload } from '#api/xds/node-metadata.ts';
import { type Locality, localityOfLabels } from './locality.ts';

/** The part of a Pod that translation depends on. Everything else may change without deriving anything. */
export interface PodFacts {
  /** `NAMESPACE/NAME` */
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  /** '' until it has one. */
  readonly address: string;
  /** Whether a ServiceEntry that selects it may send it traffic. */
  readonly ready: boolean;
  /** What its own label says; undefined: where its node is. */
  readonly locality: Locality | undefined;
  /** '' until it is bound. */
  readonly node: string;
  /** TCP ports that the containers name, with '' for those without a name. */
  readonly ports: readonly { readonly name: string; readonly number: number }[];
  /** Endpoint metadata: `WORKLOAD;NAMESPACE;CANONICAL-NAME;CANONICAL-REVISION;CLUSTER`. */
  readonly workload: string;
  /** What its sidecar lets through to it. */
  readonly limits: WorkloadLimits;
}

const CANONICAL_NAME_LABELS = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'];
const CANONICAL_REVISION_LABELS = [
  'service.istio.io/canonical-revision',
  'app.kubernetes.io/version',
  'version',
];

export function podFactsOf(pod: Stored<Pod>, clusterId: string): PodFacts {
  const { name, namespace = 'default', labels = {} } = pod.metadata;
  const workload = workloadName(pod);
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    labels,
    address: pod.status?.podIP ?? '',
    ready: isReady(pod),
    locality: localityOfLabels(labels),
    node: pod.spec.nodeName ?? '',
    ports: [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
      .flatMap((container) => container.ports ?? [])
      .filter((port) => port.protocol === 'TCP')
      .map((port) => ({ name: port.name ?? '', number: port.containerPort })),
    workload: formatWorkload({
      workload,
      namespace,
      canonicalName: firstOf(labels, CANONICAL_NAME_LABELS) ?? workload,
      canonicalRevision: firstOf(labels, CANONICAL_REVISION_LABELS) ?? 'latest',
      cluster: clusterId,
    }),
    limits: limitsOf(pod.metadata.annotations),
  };
}

function isReady({ metadata, status }: Stored<Pod>): boolean {
  const ready = status?.conditions?.some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
  return ready === true && metadata.deletionTimestamp === undefined;
}

/** The Deployment behind a ReplicaSet (its name without the template's hash), else the owner, else the pod. */
function workloadName(pod: Stored<Pod>): string {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return pod.metadata.name;
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return owner.name.slice(0, -hash.length - 1);
  }
  return owner.name;
}

function firstOf(labels: Labels, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined && value !== '');
}

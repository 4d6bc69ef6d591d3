import type { JsonObject } from '@bufbuild/protobuf';

/**
 * What a sidecar says of itself in `Node.metadata` (Istio's names). The control plane needs NAMESPACE and
 * WORKLOAD ports to build its listeners; peers need the rest for their metrics.
 */
export interface NodeMetadata {
  readonly NAME: string;
  readonly NAMESPACE: string;
  readonly WORKLOAD_NAME: string;
  readonly SERVICE_ACCOUNT: string;
  readonly CLUSTER_ID: string;
  readonly INSTANCE_IPS: string;
  /** Of the mesh that it belongs to; the control plane counts its proxies by it. */
  readonly ISTIO_VERSION?: string;
  readonly LABELS: Readonly<Record<string, string>>;
}

/** A proxy beside an app, or one of a gateway (Istio's node types). */
export type ProxyRole = 'sidecar' | 'router';

/** Node ids have Istio's form: `sidecar~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN`. */
export function sidecarNodeId(
  pod: string,
  namespace: string,
  ip: string,
  domain = 'cluster.local',
  role: ProxyRole = 'sidecar',
): string {
  return `${role}~${ip}~${pod}.${namespace}~${namespace}.svc.${domain}`;
}

export interface SidecarNode {
  readonly role: ProxyRole;
  readonly ip: string;
  readonly pod: string;
  readonly namespace: string;
}

/** Undefined for nodes that are not sidecars: proxyless gRPC clients choose their own ids. */
export function parseSidecarNodeId(id: string): SidecarNode | undefined {
  const match = /^(sidecar|router)~([^~]+)~([^~]+)\.([^.~]+)~/.exec(id);
  if (match === null) return undefined;
  const [, role, ip = '', pod = '', namespace = ''] = match;
  return { role: role as ProxyRole, ip, pod, namespace };
}

export function toMetadata(metadata: NodeMetadata): JsonObject {
  return { ...metadata, LABELS: { ...metadata.LABELS } };
}

/** Endpoint metadata key and shape that name the workload behind an address (Istio: filter `istio`, field `workload`). */
export const WORKLOAD_FILTER = 'istio';
export interface EndpointWorkload {
  readonly workload: string;
  readonly namespace: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly cluster: string;
}

/** `WORKLOAD;NAMESPACE;CANONICAL-NAME;CANONICAL-REVISION;CLUSTER`, as Istio writes it. */
export function formatWorkload(w: EndpointWorkload): string {
  return [w.workload, w.namespace, w.canonicalName, w.canonicalRevision, w.cluster].join(';');
}

export function parseWorkload(text: string): EndpointWorkload | undefined {
  const [workload, namespace, canonicalName, canonicalRevision, cluster] = text.split(';');
  if (workload === undefined || namespace === undefined) return undefined;
  return {
    workload,
    namespace,
    canonicalName: canonicalName ?? workload,
    canonicalRevision: canonicalRevision ?? 'latest',
    cluster: cluster ?? '',
  };
}

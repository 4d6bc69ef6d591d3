import type { Cluster } from '#sidecar/upstream/cluster.ts';
import { bounded, MAX_NAME_LENGTH } from './bounded.ts';
import { methodName } from './method-names.ts';

/** Istio's names of clusters: `outbound|9080|v1|reviews.default.svc.cluster.local`, `inbound|9080||`. */
const PORT_PART = 1;

/**
 * As Istio decorates its routes, for Envoy to name spans by: the service and its port, the same at both sides. A request that
 * went to no service is named by its method, as OpenTelemetry does.
 */
export function requestSpanName(cluster: Cluster | undefined, method: string): string {
  if (cluster === undefined) return methodName(method);
  const port = cluster.name.split('|')[PORT_PART];
  if (port === undefined || port === '') return methodName(method);
  return bounded(`${cluster.service.host}:${port}/*`, MAX_NAME_LENGTH);
}

/** Envoy's, of its upstream spans. */
export function trySpanName(cluster: Cluster | undefined): string {
  return bounded(`router ${cluster?.name ?? '-'} egress`, MAX_NAME_LENGTH);
}

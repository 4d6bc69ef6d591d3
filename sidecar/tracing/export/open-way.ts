/** Encoder and collector of an exporter. Importing this loads all that an export needs, so it is imported with the first span. */
import type { Clock } from '#api/foundation/clock.ts';
import type { ClusterDirectory } from '#sidecar/upstream/cluster-directory.ts';
import type { ProxyIdentity } from '../proxy-identity.ts';
import type { TracingSpec } from '../tracing-spec.ts';
import { GrpcCollector } from './grpc-collector.ts';
import { HttpCollector } from './http-collector.ts';
import { SpanEncoder } from './otlp-encoding.ts';
import type { Way } from './span-exporter.ts';

/** Who makes the spans, for those who ask for the spans of one library. */
const SCOPE = { name: 'weft', version: '' };

export function openWay(
  { exporter, serviceName }: TracingSpec,
  proxy: ProxyIdentity,
  settings: { readonly clusters: ClusterDirectory; readonly clock: Clock },
): Way {
  const resource = {
    'service.name': serviceName,
    'service.namespace': proxy.namespace,
    'service.version': proxy.canonicalRevision,
    'service.instance.id': proxy.pod,
    'k8s.namespace.name': proxy.namespace,
    'k8s.pod.name': proxy.pod,
    'telemetry.sdk.name': 'weft',
    'telemetry.sdk.language': 'nodejs',
  };
  const encoder = new SpanEncoder(resource, SCOPE);
  return {
    encode: (spans) => encoder.encode(spans, breathe),
    collector:
      exporter.protocol === 'grpc'
        ? new GrpcCollector(exporter, settings)
        : new HttpCollector(exporter, settings),
  };
}

/** Lets whatever came meanwhile run first. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

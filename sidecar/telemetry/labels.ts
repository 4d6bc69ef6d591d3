import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Peer, Reporter } from './telemetry.ts';

const UNKNOWN = 'unknown';

/** Istio's labels of one (reporter, source, destination, service), in Istio's order, rendered once for exposition. */
export function renderLabels(
  reporter: Reporter,
  source: Peer | undefined,
  destination: Peer | undefined,
  service: ServiceIdentity,
  protocol: 'http' | 'tcp',
): string {
  const caller = reporter === 'destination' ? source?.principal : undefined;
  return render({
    reporter,
    ...side('source', source),
    ...side('destination', destination),
    destination_service: service.host,
    destination_service_name: service.name,
    destination_service_namespace: service.namespace,
    request_protocol: protocol,
    connection_security_policy: securityPolicy(reporter, caller),
  });
}

/** Istio: only the server's side knows for sure. */
function securityPolicy(reporter: Reporter, caller: string | undefined): string {
  if (reporter === 'source') return UNKNOWN;
  return caller === undefined ? 'none' : 'mutual_tls';
}

function side(prefix: 'source' | 'destination', peer: Peer | undefined): Record<string, string> {
  return {
    [`${prefix}_workload`]: known(peer?.workload),
    [`${prefix}_canonical_service`]: known(peer?.canonicalName),
    [`${prefix}_canonical_revision`]: peer === undefined ? UNKNOWN : peer.canonicalRevision || 'latest',
    [`${prefix}_workload_namespace`]: known(peer?.namespace),
    [`${prefix}_principal`]: known(peer?.principal),
    [`${prefix}_app`]: known(peer?.app ?? peer?.canonicalName),
    [`${prefix}_version`]: known(peer?.version ?? peer?.canonicalRevision),
    [`${prefix}_cluster`]: known(peer?.cluster),
  };
}

function known(value: string | undefined): string {
  return value === undefined || value === '' ? UNKNOWN : value;
}

/** `name="value",…` with the escapes of the exposition format. */
export function render(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

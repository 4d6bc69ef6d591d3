import type { ServiceIdentity } from '#sidecar/upstream/cluster.ts';
import type { Peer, Reporter } from './telemetry.ts';

export type Labels = Readonly<Record<string, string>>;

export const UNKNOWN = 'unknown';
/** What canonical revisions are called that nobody named, those of unknown workloads among them. */
const LATEST = 'latest';

/**
 * Istio's labels of one (reporter, source, destination, service), in Istio's order and with the values that its proxies
 * fall back on where something is not known.
 */
export function peerLabels(
  reporter: Reporter,
  source: Peer | undefined,
  destination: Peer | undefined,
  service: ServiceIdentity,
  protocol: 'http' | 'tcp',
): Labels {
  const caller = reporter === 'destination' ? source?.principal : undefined;
  return {
    reporter,
    ...side('source', source),
    ...side('destination', destination),
    ...(reporter === 'source' ? askedService(service, destination) : ownService(service, destination)),
    request_protocol: protocol,
    connection_security_policy: securityPolicy(reporter, caller),
  };
}

/** To the caller, the service is the one that its cluster is for. */
function askedService(service: ServiceIdentity, destination: Peer | undefined): Labels {
  return {
    destination_service: known(service.host),
    destination_service_name: known(service.name),
    destination_service_namespace: isKnown(service.namespace)
      ? service.namespace
      : known(destination && namespaceOf(destination)),
  };
}

/** To the callee it is its own, by its canonical name when its cluster does not say; the namespace is the callee's. */
function ownService(service: ServiceIdentity, self: Peer | undefined): Labels {
  const canonical = known(self?.canonicalName);
  return {
    destination_service: isKnown(service.host) ? service.host : canonical,
    destination_service_name: isKnown(service.name) ? service.name : canonical,
    destination_service_namespace: known(self?.namespace),
  };
}

/** Istio: only the server's side knows for sure. */
function securityPolicy(reporter: Reporter, caller: string | undefined): string {
  if (reporter === 'source') return UNKNOWN;
  return caller === undefined ? 'none' : 'mutual_tls';
}

function side(prefix: 'source' | 'destination', peer: Peer | undefined): Labels {
  return {
    [`${prefix}_workload`]: known(peer?.workload),
    [`${prefix}_canonical_service`]: known(peer?.canonicalName),
    [`${prefix}_canonical_revision`]: peer?.canonicalRevision || LATEST,
    [`${prefix}_workload_namespace`]: known(peer && namespaceOf(peer)),
    [`${prefix}_principal`]: known(peer?.principal),
    [`${prefix}_app`]: known(peer?.app ?? peer?.canonicalName),
    [`${prefix}_version`]: known(peer?.version ?? peer?.canonicalRevision),
    [`${prefix}_cluster`]: known(peer?.cluster),
  };
}

const PRINCIPAL_NAMESPACE = /\/ns\/([^/]+)/;

/** What a certificate says is believed before what a workload says of itself. */
function namespaceOf({ principal, namespace }: Peer): string {
  return (principal === undefined ? undefined : PRINCIPAL_NAMESPACE.exec(principal)?.[1]) ?? namespace;
}

function isKnown(value: string): boolean {
  return value !== '' && value !== UNKNOWN;
}

function known(value: string | undefined): string {
  return value === undefined || value === '' ? UNKNOWN : value;
}

/** `name="value",…` with the escapes of the exposition format. */
export function render(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

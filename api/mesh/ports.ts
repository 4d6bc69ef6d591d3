/** The sidecar's ports inside a pod: Istio's numbers, so that tools which know them find them. */
export const SIDECAR_PORTS = {
  admin: 15000,
  outbound: 15001,
  inbound: 15006,
  metrics: 15020,
  readiness: 15021,
  ownMetrics: 15090,
} as const;

/**
 * Where proxies look up the names that they connect to, beside port 53 of the same name server: there the hosts of
 * ServiceEntries have the addresses that the world gives them, and not those by which the mesh captures them.
 */
export const UPSTREAM_DNS_PORT = 5054;

/** Source address of the sidecar's connections to its app; the redirect rules exempt it (Istio's InboundPassthroughBindIpv4). */
export const INBOUND_SOURCE = '127.0.0.6';

/** Source address of the node's probes; the redirect rules let it through to the app (as in Istio's ambient mode). */
export const PROBE_SOURCE = '169.254.7.127';

/** The sidecar's ports inside a pod: Istio's numbers, so that tools which know them find them. */
export const SIDECAR_PORTS = {
  admin: 15000,
  outbound: 15001,
  inbound: 15006,
  metrics: 15020,
  readiness: 15021,
} as const;

/** Source address of the sidecar's connections to its app; the redirect rules exempt it (Istio's InboundPassthroughBindIpv4). */
export const INBOUND_SOURCE = '127.0.0.6';

/** Source address of the node's probes; the redirect rules let it through to the app (as in Istio's ambient mode). */
export const PROBE_SOURCE = '169.254.7.127';

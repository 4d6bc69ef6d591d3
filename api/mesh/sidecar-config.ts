import { z } from 'zod';
import { SIDECAR_PORTS } from './ports.ts';

const Port = z.int().min(1).max(65535);

/**
 * What a sidecar is started with: a JSON file named by its only argument, written by the node runtime. Everything
 * else comes over xDS.
 */
export const SidecarConfig = z.strictObject({
  /** `router`: a gateway's proxy, which listens for others and has no app (Istio's node types). */
  role: z.enum(['sidecar', 'router']).default('sidecar'),
  pod: z.string(),
  namespace: z.string(),
  podIp: z.string(),
  workload: z.string(),
  serviceAccount: z.string().default('default'),
  labels: z.record(z.string(), z.string()).default({}),
  clusterDomain: z.string().default('cluster.local'),
  clusterId: z.string().default('weft'),
  /** gRPC target of the control plane: `unix:/path/xds.sock` or `host:port`. */
  discoveryAddress: z.string(),
  /** Name server (`ADDRESS:PORT`) for the names that clusters resolve; those of `/etc/resolv.conf` when absent. */
  nameServer: z.string().optional(),
  /** Listen addresses; tests move the ports. */
  ports: z
    .strictObject({
      outbound: Port.default(SIDECAR_PORTS.outbound),
      inbound: Port.default(SIDECAR_PORTS.inbound),
      admin: Port.default(SIDECAR_PORTS.admin),
      metrics: Port.default(SIDECAR_PORTS.metrics),
      readiness: Port.default(SIDECAR_PORTS.readiness),
      ownMetrics: Port.default(SIDECAR_PORTS.ownMetrics),
    })
    .prefault({}),
  /** Unix socket of the admin API beside port 15000, in a directory that only the node's root and the sidecar see. */
  adminSocket: z.string().optional(),
  /** Where the app tells its own metrics (`prometheus.io/port`, `prometheus.io/path`), to be told on the metrics port beside the sidecar's. */
  appMetrics: z.strictObject({ port: Port, path: z.string().startsWith('/') }).optional(),
  /** Version of the mesh that started it, told to the control plane. */
  version: z.string().max(64).optional(),
  /** How long a drain waits for requests under way, milliseconds (Istio's terminationDrainDuration is 5 s). */
  drainMs: z.int().min(0).default(5_000),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type SidecarConfig = z.infer<typeof SidecarConfig>;

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf, WeftError } from '#api/foundation/errors.ts';

const Port = z.int().min(1).max(65535);
const Cidr = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/);

/**
 * What one mesh on one machine is made of. Written by `weft up` to `DATA_DIR/mesh.json`, read by the control
 * plane and the node runtime. Several meshes can live on one machine when nothing here is the same in two.
 */
export const MeshConfig = z.strictObject({
  /** Short name that every kernel object of this mesh starts with (links, namespaces, tables, cgroups). At most 8 characters. */
  id: z.string().regex(/^[a-z][a-z0-9]{0,7}$/),
  dataDir: z.string().startsWith('/'),
  runDir: z.string().startsWith('/'),
  nodeName: z.string().min(1),
  trustDomain: z.string().default('cluster.local'),
  clusterDomain: z.string().default('cluster.local'),
  podCidr: Cidr.default('10.244.0.0/16'),
  serviceCidr: Cidr.default('10.96.0.0/16'),
  /** Kubernetes REST API, HTTPS, on 127.0.0.1. */
  apiPort: Port.default(6443),
  /** xDS in plaintext on 127.0.0.1, for proxyless gRPC clients on the host. */
  xdsPort: Port.default(15010),
  /** Control plane metrics and readiness on 127.0.0.1. */
  monitoringPort: Port.default(15014),
  /** The node runtime's metrics on 127.0.0.1, `/metrics` and `/metrics/cadvisor` (kubelet's read-only port). */
  nodeMetricsPort: Port.default(10255),
  /** What was started beside the mesh for people to look at it, each by a flag of `weft up`. */
  addons: z
    .strictObject({
      /** Prometheus on 127.0.0.1. */
      prometheus: z.strictObject({ port: Port.default(9090) }).optional(),
      /** A trace viewer: pages on 127.0.0.1, OTLP on the node's address among the pods. */
      traces: z
        .strictObject({
          port: Port.default(16686),
          grpcPort: Port.default(4317),
          httpPort: Port.default(4318),
        })
        .optional(),
    })
    .prefault({}),
  /** `runc` or `crun`; chosen by what the host supports when absent. */
  ociRuntime: z.enum(['runc', 'crun']).optional(),
});
export type MeshConfig = z.infer<typeof MeshConfig>;

/** Every path of a mesh, so that no room spells one by itself. */
export function pathsOf(config: Pick<MeshConfig, 'dataDir' | 'runDir'>) {
  const { dataDir, runDir } = config;
  return {
    config: join(dataDir, 'mesh.json'),
    store: join(dataDir, 'store.db'),
    /** Settings of the mesh that were read last and are right: in force, whatever their ConfigMap says now. */
    settings: join(dataDir, 'mesh-settings.yaml'),
    /** Certificate authority and serving certificate of the API server, and the bearer token. */
    pki: join(dataDir, 'pki'),
    adminToken: join(dataDir, 'pki', 'admin.token'),
    caCertificate: join(dataDir, 'pki', 'ca.crt'),
    kubeconfig: join(dataDir, 'kubeconfig'),
    /** Directory that is bind-mounted into every sidecar container, and nowhere else; on the host only root gets there. */
    xdsSocketDir: join(runDir, 'private', 'xds'),
    xdsSocket: join(runDir, 'private', 'xds', 'xds.sock'),
    /** The node runtime's own HTTP API (logs, exec), for the control plane. */
    runtimeSocket: join(runDir, 'node-runtime.sock'),
    controlPlanePid: join(runDir, 'control-plane.pid'),
    nodeRuntimePid: join(runDir, 'node-runtime.pid'),
    controlPlaneLog: join(dataDir, 'log', 'control-plane.log'),
    nodeRuntimeLog: join(dataDir, 'log', 'node-runtime.log'),
    /** Pod state that survives the node runtime: bundles, volumes, roots. */
    pods: join(runDir, 'pods'),
    podLogs: join(dataDir, 'log', 'pods'),
    /** emptyDir volumes on disk, `UID/NAME`: what pods write does not belong into the run directory, which is memory. */
    podVolumes: join(dataDir, 'volumes'),
  } as const;
}
export type MeshPaths = ReturnType<typeof pathsOf>;

/** Reads `DATA_DIR/mesh.json`. Throws a WeftError `MeshNotConfigured` or `MeshConfigInvalid`. */
export function readMeshConfig(dataDir: string): MeshConfig {
  const path = join(dataDir, 'mesh.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new WeftError('MeshNotConfigured', `no mesh is configured in ${dataDir}`, {
      remedy: 'run: weft up',
      cause,
    });
  }
  try {
    return MeshConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw new WeftError('MeshConfigInvalid', `${path} cannot be read: ${messageOf(cause)}`, {
      remedy: `mend the file, or remove it and run: weft up`,
      cause,
    });
  }
}

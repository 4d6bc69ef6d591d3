import { basename, dirname } from 'node:path';
import { SIDECAR_UID } from '#api/kinds/pod-checks.ts';
import { gatewayOf } from '#api/mesh/addresses.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { PROXY_NAME } from '#api/mesh/names.ts';
import { UPSTREAM_DNS_PORT } from '#api/mesh/ports.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { containerId } from '../pod/container-plan.ts';
import type { ContainerPlan, Mount } from '../pod/containers.ts';
import type { PodRecord } from '../pod/pod-record.ts';
import { appMetricsOf } from './app-metrics.ts';
import { NODE_ENVIRONMENT, nodeFlags, proxyLimits } from './sidecar-limits.ts';
import { isGateway } from './template.ts';
import { workloadOf } from './workload.ts';

/** Where things stand inside the sidecar's container. */
const INSIDE = {
  /** The Node that runs this mesh: every container on the host's root has it here. */
  node: '/opt/weft/bin/node',
  bundle: '/opt/weft/sidecar',
  config: '/etc/weft',
  xds: '/run/weft/xds',
  admin: '/run/weft/admin',
} as const;

/** Paths on the node that the sidecar's container sees. */
export interface SidecarPaths {
  /** The program in the bundle's directory. */
  readonly bundle: string;
  readonly configDir: string;
  readonly adminDir: string;
  readonly xdsSocketDir: string;
  readonly logPath: string;
}

/** File names in the directories that the node runtime prepares. */
export const SIDECAR_CONFIG_FILE = 'sidecar.json';
export const ADMIN_SOCKET_FILE = 'admin.sock';

export function sidecarConfig(
  record: PodRecord,
  mesh: Pick<MeshConfig, 'clusterDomain' | 'podCidr'> & { readonly version?: string },
): SidecarConfig {
  const { metadata, spec } = record.pod;
  return SidecarConfig.parse({
    role: isGateway(record.pod) ? 'router' : 'sidecar',
    pod: metadata.name,
    namespace: metadata.namespace,
    podIp: record.ip,
    workload: workloadOf(record.pod),
    serviceAccount: spec.serviceAccountName,
    labels: metadata.labels ?? {},
    clusterDomain: mesh.clusterDomain,
    discoveryAddress: `unix:${INSIDE.xds}/xds.sock`,
    nameServer: `${gatewayOf(mesh)}:${UPSTREAM_DNS_PORT}`,
    adminSocket: `${INSIDE.admin}/${ADMIN_SOCKET_FILE}`,
    appMetrics: appMetricsOf(record.pod),
    version: mesh.version,
  });
}

/** The sidecar as a container of the pod: root-less, read-only, alone in seeing the control plane's socket. */
export function planSidecar(
  meshId: string,
  record: PodRecord,
  attempt: number,
  paths: SidecarPaths,
  extraMounts: readonly Mount[],
): ContainerPlan {
  const podUid = record.pod.metadata.uid ?? '';
  const limits = proxyLimits(record.pod);
  return {
    id: containerId(meshId, podUid, PROXY_NAME, attempt),
    sandbox: record.sandbox,
    podUid,
    name: PROXY_NAME,
    argv: [
      INSIDE.node,
      ...nodeFlags(limits.memoryBytes ?? 0),
      `${INSIDE.bundle}/${basename(paths.bundle)}`,
      `${INSIDE.config}/${SIDECAR_CONFIG_FILE}`,
    ],
    env: { PATH: '/usr/bin:/bin', ...NODE_ENVIRONMENT },
    cwd: '/',
    uid: SIDECAR_UID,
    gid: SIDECAR_UID,
    additionalGids: [],
    capabilities: [],
    readOnlyRoot: true,
    mounts: [
      bind(dirname(paths.bundle), INSIDE.bundle, true),
      bind(paths.configDir, INSIDE.config, true),
      bind(paths.xdsSocketDir, INSIDE.xds, true),
      bind(paths.adminDir, INSIDE.admin, false),
      ...extraMounts,
    ],
    limits,
    seccomp: 'default',
    logPath: paths.logPath,
  };
}

function bind(source: string, destination: string, readOnly: boolean): Mount {
  return { type: 'bind', source, destination, readOnly };
}

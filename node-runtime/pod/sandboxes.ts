import type { Limits } from './containers.ts';

/** Redirect of a pod's traffic into its sidecar. */
export interface Redirect {
  readonly sidecarUid: number;
  /** Destinations that bypass the sidecar (`traffic.sidecar.istio.io/excludeOutboundIPRanges`). */
  readonly excludeOutboundCidrs: readonly string[];
  /** `traffic.sidecar.istio.io/excludeOutboundPorts` and `excludeInboundPorts`. */
  readonly excludeOutboundPorts: readonly number[];
  readonly excludeInboundPorts: readonly number[];
}

export interface SandboxPlan {
  /**
   * Name of the network namespace and stem of every kernel object of the pod: `MESHID-…`, at most 63 of [a-z0-9-]. At most
   * 15 characters of link name derive from it.
   */
  readonly name: string;
  readonly podUid: string;
  readonly hostname: string;
  readonly ip: string;
  /** Absent for a pod without a sidecar. */
  readonly redirect: Redirect | undefined;
  /** What all containers of the pod may use together (`sumOfLimits`); absent: each only has its own. */
  readonly limits?: Limits;
}

/**
 * The namespaces that a pod's containers share: network (with veth, address, routes and redirect rules in place
 * before any process of the pod exists), ipc and uts. All calls are idempotent and need no memory of earlier ones.
 */
export interface Sandboxes {
  setUp(plan: SandboxPlan): Promise<void>;
  /** Kills what is left in the pod's cgroups and removes namespaces, links, rules, mounts and cgroups of the pod. */
  tearDown(name: string, podUid: string): Promise<void>;
  /** Whether everything of it is in place. One that a node runtime died over is not: it has to be set up again. */
  isWhole(name: string, podUid: string): Promise<boolean>;
  /** Names of all sandboxes of this mesh, whole or not. */
  list(): Promise<string[]>;
}

/** What a measured mesh consists of, as the program `control-plane.ts` is told it. */
export interface MeshPlan {
  /** Where the xDS socket comes to stand. */
  readonly directory: string;
  readonly xdsPort: number;
  readonly protocol: 'http' | 'tcp';
  /** Port of the app behind the inbound sidecar. */
  readonly appPort: number;
  /** Loopback ports of the service's endpoints. */
  readonly endpoints: readonly number[];
  /** What else the mesh has: manifests. */
  readonly objects?: readonly (Record<string, unknown> & {
    readonly apiVersion: string;
    readonly kind: string;
  })[];
  /** `loadBalancer` of the service's DestinationRule; the mesh's default when absent. */
  readonly loadBalancer?: 'ROUND_ROBIN' | 'LEAST_REQUEST';
}

/** The service that clients call: what the redirect would have told. */
export const SERVICE = { name: 'app', namespace: 'bench', address: '10.96.0.10', port: 80 } as const;

/** Istio's cluster names: `outbound|PORT|SUBSET|HOST` and `inbound|PORT||`. */
export function outboundCluster(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export function inboundCluster(port: number): string {
  return `inbound|${port}||`;
}

export interface ClusterName {
  readonly direction: 'outbound' | 'inbound';
  readonly port: number;
  readonly subset: string;
  readonly host: string;
}

export function parseClusterName(name: string): ClusterName | undefined {
  const [direction, port, subset, host, ...rest] = name.split('|');
  if ((direction !== 'outbound' && direction !== 'inbound') || rest.length > 0) return undefined;
  if (subset === undefined || host === undefined || !/^\d{1,5}$/.test(port ?? '')) return undefined;
  return { direction, port: Number(port), subset, host };
}

export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';
/** Inbound connections to a port that no container names: to the app as they are. */
export const INBOUND_PASSTHROUGH_CLUSTER = 'InboundPassthroughCluster';
export const VIRTUAL_OUTBOUND = 'virtualOutbound';
export const VIRTUAL_INBOUND = 'virtualInbound';

/** How far a rolling update may leave the wanted count, as Kubernetes resolves counts and percentages. */

import type { Deployment } from '#api/kinds/deployment.ts';
import type { IntOrString } from '#api/kinds/meta.ts';

export interface Fenceposts {
  /** Pods above `spec.replicas`. */
  readonly maxSurge: number;
  /** Pods below `spec.replicas`. */
  readonly maxUnavailable: number;
}

const DEFAULT_SHARE = '25%';

/** Surge is rounded up and unavailability down; when both come out as 0 one pod may be unavailable, or nothing could move. */
export function fencepostsOf({ spec }: Pick<Deployment, 'spec'>): Fenceposts {
  if (spec.strategy.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge, maxUnavailable } = spec.strategy.rollingUpdate ?? {};
  const surge = resolve(maxSurge ?? DEFAULT_SHARE, spec.replicas, Math.ceil);
  const unavailable = resolve(maxUnavailable ?? DEFAULT_SHARE, spec.replicas, Math.floor);
  const both = surge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge: surge, maxUnavailable: Math.min(both, spec.replicas) };
}

function resolve(value: IntOrString, total: number, round: (share: number) => number): number {
  if (typeof value === 'number') return value;
  const amount = Number.parseInt(value, 10);
  return value.endsWith('%') ? round((amount * total) / 100) : amount;
}

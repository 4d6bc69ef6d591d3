import { wrongLimits } from '../mesh/workload-limits.ts';
import type { Check, Mistake } from './kind.ts';

export interface HasAnnotations {
  metadata?: { annotations?: Record<string, string> | undefined } | undefined;
}

/** The limits that a pod asks for by annotation are refused where they are written: the sidecar could only leave them out. */
export const limitsAreWellFormed: Check<HasAnnotations> = {
  name: 'annotations that limit traffic are well formed',
  check: ({ metadata }) =>
    wrongLimits(metadata?.annotations).map(
      ({ annotation, message }): Mistake => ({ path: `metadata.annotations[${annotation}]`, message }),
    ),
};

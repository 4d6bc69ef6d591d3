import type { PodStatus } from '#api/kinds/pod.ts';
import type { Container, Probe } from '#api/kinds/pod-spec.ts';
import type { Action, PodEvent } from './decision.ts';
import type { PodRecord } from './pod-record.ts';

/** Sees what happens to the node's pods, and changes nothing. */
export interface PodWitness {
  published(record: PodRecord, status: PodStatus): void;
  told(record: PodRecord, event: PodEvent): void;
  acted(action: Action, seconds: number): void;
  /** One try of a probe; undefined when it could not be made. */
  probed(
    record: PodRecord,
    probed: { readonly container: Container; readonly probe: Probe },
    ok: boolean | undefined,
    seconds: number,
  ): void;
}

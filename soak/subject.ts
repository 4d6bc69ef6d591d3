/** What is soaked: a running sidecar, in a process of its own or in this one. */
import type { Vitals } from './vitals.ts';

export interface Subject {
  readonly ports: {
    readonly outbound: number;
    readonly inbound: number;
    readonly admin: number;
    readonly metrics: number;
  };
  vitals(objects: boolean): Promise<Vitals>;
  /** What it logged as an error. */
  readonly errors: readonly string[];
  /** Set once it ended by itself. */
  readonly died: string | undefined;
  stop(): Promise<void>;
}

import type { PodRecord } from './pod-record.ts';
import type { Health, Sighting } from './stage.ts';

/** What the worker of a pod can be asked to do. Each is idempotent: it may have been half done by an earlier process. */
export type Action =
  | { readonly do: 'set-up-sandbox' }
  | { readonly do: 'create'; readonly container: string }
  | { readonly do: 'start'; readonly container: string }
  /** Runs the preStop hook, then sends SIGTERM. */
  | { readonly do: 'terminate'; readonly container: string }
  | { readonly do: 'kill'; readonly container: string }
  /** Removes containers, sandbox and volumes. */
  | { readonly do: 'tear-down' }
  /** Removes the pod from the API and then what is remembered of it. */
  | { readonly do: 'forget' };

export function actionKey(action: Action): string {
  return 'container' in action ? `${action.do} ${action.container}` : action.do;
}

export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly container?: string;
}

/** The pod as it was last seen in the world. */
export interface Observed {
  readonly sandbox: 'absent' | 'ready';
  /** Why the sandbox could not be set up at the last try. */
  readonly sandboxFailure?: { readonly reason: string; readonly message: string } | undefined;
  readonly sightings: ReadonlyMap<string, Sighting>;
  readonly health: ReadonlyMap<string, Health>;
  /** Keys of the actions under way. */
  readonly busy: ReadonlySet<string>;
  /** Keys of actions that failed a moment ago, and when each is worth trying again. */
  readonly cooling: ReadonlyMap<string, number>;
}

export interface Decision {
  /** What to remember, before the actions are begun. */
  readonly record: PodRecord;
  readonly actions: readonly Action[];
  readonly events: readonly PodEvent[];
  /** When to decide again if nothing happens before, wall clock milliseconds. */
  readonly wakeAtMs: number | undefined;
}

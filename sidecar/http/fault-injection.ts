/** Faults that a rule wants: a delay, then an abort, before any endpoint hears of the request (Envoy's fault filter). */
import type { Random } from '#api/foundation/random.ts';
import type { Fault } from '#sidecar/routing/route-table.ts';
import { Deadline, type Deadlines } from '#sidecar/tcp/deadlines.ts';
import type { LocalReply } from './local-reply.ts';

/** What befalls one request. */
export interface InjectedFault {
  /** 0 is none. */
  readonly delayMs: number;
  readonly abort: LocalReply | undefined;
}

/** Draws for one request; undefined when it is spared. Delay and abort are drawn each for itself, as in Envoy. */
export function drawFault(fault: Fault, route: string, random: Random): InjectedFault | undefined {
  const delayMs = fault.delay !== undefined && hit(fault.delay.share, random) ? fault.delay.ms : 0;
  const aborts = fault.abort !== undefined && hit(fault.abort.share, random);
  if (delayMs === 0 && !aborts) return undefined;
  return { delayMs, abort: aborts ? abortReply(fault.abort.status, route) : undefined };
}

function abortReply(status: number, route: string): LocalReply {
  const reason = `the fault rule of route "${route}" aborts this request on purpose`;
  return { status, flag: 'FI', details: 'fault_filter_abort', reason };
}

function hit(share: number, random: Random): boolean {
  return share > 0 && random() * 1_000_000 < share;
}

/** A request that is held back. */
export class FaultDelay {
  readonly #deadlines: Deadlines;
  readonly #deadline: Deadline;

  constructor(deadlines: Deadlines, delayMs: number, over: () => void) {
    this.#deadlines = deadlines;
    this.#deadline = new Deadline(over);
    deadlines.set(this.#deadline, delayMs);
  }

  cancel(): void {
    this.#deadlines.clear(this.#deadline);
  }
}

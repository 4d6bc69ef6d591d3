import type { Random } from '#api/foundation/random.ts';
import type { OutlierPolicy } from './outlier-policy.ts';
import { SERVING, type Standing } from './standing.ts';
import { Tally } from './tally.ts';

/** What outlier detection knows of one endpoint. Stays with it when its cluster's configuration changes. */
export class EndpointHealth {
  standing: Standing = SERVING;
  /** How often it was ejected. */
  ejections = 0;
  /** How many times the base ejection time the last ejection lasted; decays sweep by sweep while all is well. */
  multiplier = 0;
  /** Made once somebody counts: most endpoints are not watched. */
  #tally: Tally | undefined;

  get tally(): Tally {
    this.#tally ??= new Tally();
    return this.#tally;
  }

  get serving(): boolean {
    return this.standing.kind === 'serving';
  }

  /** Out, for longer than the last time. Returns for how long, milliseconds. */
  eject(policy: OutlierPolicy, nowMs: number, random: Random): number {
    const { baseEjectionTimeMs: base } = policy;
    const longest = Math.max(base, policy.maxEjectionTimeMs);
    if (this.multiplier * base < longest + base) this.multiplier += 1;
    this.ejections += 1;
    const jitterMs = random() * policy.maxEjectionTimeJitterMs;
    const durationMs = Math.min(base * this.multiplier, longest) + jitterMs;
    this.standing = { kind: 'ejected', untilMs: nowMs + durationMs };
    return durationMs;
  }

  /** Back in, with all its traffic. */
  restore(): void {
    this.standing = SERVING;
    this.#tally = undefined;
  }

  /** A sweep found it serving. */
  decay(): void {
    if (this.multiplier > 0) this.multiplier -= 1;
  }
}

/**
 * Envoy's outlier detection for one cluster: hears how tries ended, ejects the endpoints that the policy finds to be
 * outliers, and lets them back by way of a trial. Sweeps run as long as endpoints are watched.
 */
import type { Clock, Timer } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { Outcome } from '../endpoint.ts';
import type { OutcomeObserver, TrackedEndpoint } from '../tracked-endpoint.ts';
import type { OutlierPolicy } from './outlier-policy.ts';
import { rateOutliers } from './rate-outliers.ts';
import { decidesTrial, TRIAL, trialBegun } from './standing.ts';
import { type Cause, matters } from './tally.ts';

/** Told of each change, for metrics and logs. */
export interface OutlierListener {
  onEjected(endpoint: TrackedEndpoint, cause: Cause, durationMs: number): void;
  onReturned(endpoint: TrackedEndpoint): void;
}

/** Since the cluster came, as Envoy's `outlier_detection.` statistics. */
export interface OutlierCounts {
  readonly ejections: number;
  /** Out now, on trial or not. */
  readonly active: number;
  /** Not ejected since too many were. */
  readonly overflow: number;
  readonly returned: number;
}

export class OutlierDetector implements OutcomeObserver {
  readonly policy: OutlierPolicy;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listener: OutlierListener;
  #endpoints: readonly TrackedEndpoint[] = [];
  #trials: readonly TrackedEndpoint[] = [];
  #timer: Timer | undefined;
  #ejections = 0;
  #active = 0;
  #overflow = 0;
  #returned = 0;

  /** `listener` also learns by it that the set of usable endpoints changed. */
  constructor(policy: OutlierPolicy, clock: Clock, random: Random, listener: OutlierListener) {
    this.policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
  }

  get counts(): OutlierCounts {
    return {
      ejections: this.#ejections,
      active: this.#active,
      overflow: this.#overflow,
      returned: this.#returned,
    };
  }

  /** Endpoints whose ejection is over and that have not proved themselves yet. */
  get trials(): readonly TrackedEndpoint[] {
    return this.#trials;
  }

  /** These are the endpoints now; what is known of those that stay, stays. */
  watch(endpoints: readonly TrackedEndpoint[]): void {
    for (const endpoint of this.#endpoints) endpoint.observer = undefined;
    for (const endpoint of endpoints) endpoint.observer = this;
    this.#endpoints = endpoints;
    this.#review();
    if (endpoints.length === 0) this.#rest();
    else this.#timer ??= this.#scheduleSweep();
  }

  /** No more ejections; nobody is watched. */
  stop(): void {
    this.watch([]);
  }

  onBegin({ health }: TrackedEndpoint, nowMs: number): void {
    health.standing = trialBegun(health.standing, nowMs);
  }

  onEnd(endpoint: TrackedEndpoint, startMs: number, outcome: Outcome, nowMs: number): void {
    const { health } = endpoint;
    if (health.serving) {
      if (outcome !== 'cancelled') this.#count(endpoint, outcome, nowMs);
    } else if (decidesTrial(health.standing, startMs)) this.#judge(endpoint, outcome, nowMs);
  }

  #count(endpoint: TrackedEndpoint, outcome: Outcome, nowMs: number): void {
    const { policy } = this;
    const { tally } = endpoint.health;
    tally.count(outcome, policy.splitExternalLocalOriginErrors);
    if (outcome === 'success') return;
    if (tally.gatewayFailures === policy.consecutiveGatewayFailure && tally.gatewayFailures > 0) {
      tally.gatewayFailures = 0;
      const chance = policy.enforcingConsecutiveGatewayFailure;
      this.#detected(endpoint, 'consecutive-gateway-failure', chance, nowMs);
    }
    if (tally.errors === policy.consecutive5xx && tally.errors > 0) {
      tally.errors = 0;
      this.#detected(endpoint, 'consecutive-5xx', policy.enforcingConsecutive5xx, nowMs);
    }
    if (tally.localFailures === policy.consecutiveLocalOriginFailure && tally.localFailures > 0) {
      tally.localFailures = 0;
      const chance = policy.enforcingConsecutiveLocalOriginFailure;
      this.#detected(endpoint, 'consecutive-local-origin-failure', chance, nowMs);
    }
  }

  #judge(endpoint: TrackedEndpoint, outcome: Outcome, nowMs: number): void {
    if (outcome === 'cancelled') endpoint.health.standing = TRIAL;
    else if (matters(this.policy, outcome)) this.#eject(endpoint, 'trial', nowMs);
    else this.#return(endpoint);
  }

  /** An outlier was found; `chance` is the percentage of the cases in which that has consequences. */
  #detected(endpoint: TrackedEndpoint, cause: Cause, chance: number, nowMs: number): void {
    if (chance === 0 || !endpoint.health.serving) return;
    if (!this.#mayEject()) this.#overflow += 1;
    else if (this.#random() * 100 < chance) this.#eject(endpoint, cause, nowMs);
  }

  #mayEject(): boolean {
    if (this.policy.alwaysEjectOneHost && this.#active === 0) return true;
    return (100 * (this.#active + 1)) / this.#endpoints.length <= this.policy.maxEjectionPercent;
  }

  #eject(endpoint: TrackedEndpoint, cause: Cause, nowMs: number): void {
    const durationMs = endpoint.health.eject(this.policy, nowMs, this.#random);
    this.#ejections += 1;
    this.#review();
    this.#listener.onEjected(endpoint, cause, durationMs);
  }

  #return(endpoint: TrackedEndpoint): void {
    endpoint.health.restore();
    this.#returned += 1;
    this.#review();
    this.#listener.onReturned(endpoint);
  }

  #scheduleSweep(): Timer {
    return this.#clock.after(this.policy.intervalMs, () => {
      this.#timer = this.#scheduleSweep();
      this.#sweep(this.#clock.nowMs());
    });
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sweep(nowMs: number): void {
    for (const { health } of this.#endpoints) {
      if (health.standing.kind === 'serving') health.decay();
      else if (health.standing.kind === 'ejected' && nowMs >= health.standing.untilMs) {
        health.standing = TRIAL;
      }
    }
    this.#judgeRates(nowMs);
    this.#review();
  }

  #judgeRates(nowMs: number): void {
    const serving = this.#endpoints.filter(({ health }) => health.serving);
    const tallies = serving.map(({ health }) => health.tally);
    for (const { index, cause, chance } of rateOutliers(tallies, this.policy)) {
      this.#detected(serving[index]!, cause, chance, nowMs);
    }
    for (const tally of tallies) tally.forgetRates();
  }

  /** Counts anew who is out. */
  #review(): void {
    const out = this.#endpoints.filter(({ health }) => !health.serving);
    this.#active = out.length;
    this.#trials = out.filter(({ health }) => health.standing.kind === 'trial');
  }
}

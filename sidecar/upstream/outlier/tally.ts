import type { Outcome } from '../endpoint.ts';
import type { OutlierPolicy } from './outlier-policy.ts';
import type { RateSample } from './rates.ts';

/** What found an endpoint to be an outlier. `trial`: it failed again when its ejection was over. */
export type Cause =
  | 'consecutive-5xx'
  | 'consecutive-gateway-failure'
  | 'consecutive-local-origin-failure'
  | 'success-rate'
  | 'success-rate-local-origin'
  | 'failure-percentage'
  | 'failure-percentage-local-origin'
  | 'trial';

/** What one endpoint's tries came to: how many failed in a row, and how many of those since the last sweep. */
export class Tally {
  /** Failures in a row, of three kinds. */
  errors = 0;
  gatewayFailures = 0;
  localFailures = 0;
  /** What the endpoint answered; and where they are not split, local-origin failures as well. */
  external: RateSample = { total: 0, failed: 0 };
  /** Whether the endpoint could be heard, where that is counted apart. */
  local: RateSample = { total: 0, failed: 0 };

  count(outcome: Outcome, split: boolean): void {
    const local = isLocalOrigin(outcome);
    if (split) this.#countLocal(local);
    if (!split || !local) this.#countExternal(outcome !== 'success', local || outcome === 'gateway-error');
  }

  /** A new interval begins. */
  forgetRates(): void {
    this.external.total = 0;
    this.external.failed = 0;
    this.local.total = 0;
    this.local.failed = 0;
  }

  #countLocal(failed: boolean): void {
    this.local.total += 1;
    this.local.failed += Number(failed);
    this.localFailures = failed ? this.localFailures + 1 : 0;
  }

  #countExternal(failed: boolean, gateway: boolean): void {
    this.external.total += 1;
    this.external.failed += Number(failed);
    this.errors = failed ? this.errors + 1 : 0;
    this.gatewayFailures = failed && gateway ? this.gatewayFailures + 1 : 0;
  }
}

/** Failures that the endpoint did not answer. */
export function isLocalOrigin(outcome: Outcome): boolean {
  return outcome === 'connect-failure' || outcome === 'timeout' || outcome === 'reset';
}

/** Whether any detector that may eject looks at failures such as this one: then a trial fails by it. */
export function matters(policy: OutlierPolicy, outcome: Outcome): boolean {
  if (outcome === 'success' || outcome === 'cancelled') return false;
  const local = isLocalOrigin(outcome);
  if (local && policy.splitExternalLocalOriginErrors) {
    return (
      policy.enforcingConsecutiveLocalOriginFailure > 0 ||
      policy.enforcingLocalOriginSuccessRate > 0 ||
      policy.enforcingFailurePercentageLocalOrigin > 0
    );
  }
  const all = policy.consecutive5xx > 0 && policy.enforcingConsecutive5xx > 0;
  if (all || policy.enforcingSuccessRate > 0 || policy.enforcingFailurePercentage > 0) return true;
  return (local || outcome === 'gateway-error') && policy.enforcingConsecutiveGatewayFailure > 0;
}

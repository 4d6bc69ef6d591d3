import type { OutlierPolicy } from './outlier-policy.ts';
import { failurePercentageOutliers, type RateSample, successRateOutliers } from './rates.ts';
import type { Cause, Tally } from './tally.ts';

/** An endpoint, by its index, that an interval's rates show to be an outlier. */
export interface Finding {
  readonly index: number;
  readonly cause: Cause;
  /** Percentage of the cases in which it is ejected for it. */
  readonly chance: number;
}

/** What the rates of all that serve say; what is not enforced is not looked for. */
export function rateOutliers(tallies: readonly Tally[], policy: OutlierPolicy): Finding[] {
  const external = tallies.map((tally) => tally.external);
  const findings = [
    ...bySuccess(external, 'success-rate', policy.enforcingSuccessRate, policy),
    ...byFailure(external, 'failure-percentage', policy.enforcingFailurePercentage, policy),
  ];
  if (!policy.splitExternalLocalOriginErrors) return findings;
  const local = tallies.map((tally) => tally.local);
  return [
    ...findings,
    ...bySuccess(local, 'success-rate-local-origin', policy.enforcingLocalOriginSuccessRate, policy),
    ...byFailure(
      local,
      'failure-percentage-local-origin',
      policy.enforcingFailurePercentageLocalOrigin,
      policy,
    ),
  ];
}

type Judge = (
  samples: readonly RateSample[],
  cause: Cause,
  chance: number,
  policy: OutlierPolicy,
) => Finding[];

const bySuccess: Judge = (samples, cause, chance, policy) =>
  chance === 0 ? [] : successRateOutliers(samples, policy).map((index) => ({ index, cause, chance }));

const byFailure: Judge = (samples, cause, chance, policy) =>
  chance === 0 ? [] : failurePercentageOutliers(samples, policy).map((index) => ({ index, cause, chance }));

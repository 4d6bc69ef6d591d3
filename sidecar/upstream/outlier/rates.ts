/** Envoy's verdicts over an interval: whose success rate is far below the others', and whose failures are too many. */
import type { OutlierPolicy } from './outlier-policy.ts';

/** Tries of one endpoint within an interval. */
export interface RateSample {
  total: number;
  failed: number;
}

/** Indices of the samples whose success rate is below the mean less some standard deviations. */
export function successRateOutliers(samples: readonly RateSample[], policy: OutlierPolicy): number[] {
  const judged = withVolume(samples, policy.successRateRequestVolume);
  if (judged.length === 0 || judged.length < policy.successRateMinimumHosts) return [];
  const rate = (index: number): number => 100 - failurePercent(samples[index]!);
  const mean = judged.reduce((sum, index) => sum + rate(index), 0) / judged.length;
  const variance = judged.reduce((sum, index) => sum + (rate(index) - mean) ** 2, 0) / judged.length;
  const threshold = mean - (Math.sqrt(variance) * policy.successRateStdevFactor) / 1000;
  return judged.filter((index) => rate(index) < threshold);
}

/** Indices of the samples whose share of failures is at the threshold or above. */
export function failurePercentageOutliers(samples: readonly RateSample[], policy: OutlierPolicy): number[] {
  const judged = withVolume(samples, policy.failurePercentageRequestVolume);
  if (judged.length === 0 || judged.length < policy.failurePercentageMinimumHosts) return [];
  return judged.filter((index) => failurePercent(samples[index]!) >= policy.failurePercentageThreshold);
}

function withVolume(samples: readonly RateSample[], volume: number): number[] {
  const judged: number[] = [];
  samples.forEach(({ total }, index) => {
    if (total > 0 && total >= volume) judged.push(index);
  });
  return judged;
}

function failurePercent({ total, failed }: RateSample): number {
  return (100 * failed) / total;
}

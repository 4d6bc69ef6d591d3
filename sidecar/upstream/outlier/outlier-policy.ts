/**
 * Envoy's OutlierDetection: when an endpoint is ejected, and for how long. Percentages are 0..100. An `enforcing…` of 0
 * turns a detector off, of 100 always ejects, and what lies between ejects with that chance.
 */
export interface OutlierPolicy {
  /** 5xx in a row, and local-origin failures unless they are split. Envoy's default: 5. */
  readonly consecutive5xx: number;
  /** Default: 100. */
  readonly enforcingConsecutive5xx: number;
  /** 502, 503 and 504 in a row, and local-origin failures unless they are split. Default: 5. */
  readonly consecutiveGatewayFailure: number;
  /** Default: 0. */
  readonly enforcingConsecutiveGatewayFailure: number;
  /** Failures to connect, resets and timeouts are counted apart from what the endpoint answered. Default: false. */
  readonly splitExternalLocalOriginErrors: boolean;
  /** Local-origin failures in a row, when they are split. Default: 5. */
  readonly consecutiveLocalOriginFailure: number;
  /** Default: 100. */
  readonly enforcingConsecutiveLocalOriginFailure: number;
  /** Between two sweeps, milliseconds: rates are judged and ejections end at sweeps. Default: 10 s. */
  readonly intervalMs: number;
  /** The first ejection lasts this long, the second twice as long, and so on, milliseconds. Default: 30 s. */
  readonly baseEjectionTimeMs: number;
  /** No ejection lasts longer, but for the jitter and for a longer `baseEjectionTimeMs`, milliseconds. Default: 300 s. */
  readonly maxEjectionTimeMs: number;
  /** A random time up to this is added to each ejection, milliseconds. Default: 0. */
  readonly maxEjectionTimeJitterMs: number;
  /** Part of the endpoints that may be ejected at once. Default: 10. */
  readonly maxEjectionPercent: number;
  /** One endpoint may be ejected whatever `maxEjectionPercent` says. Default: false. */
  readonly alwaysEjectOneHost: boolean;
  /** Default: 100. */
  readonly enforcingSuccessRate: number;
  /** When local-origin failures are split. Default: 100. */
  readonly enforcingLocalOriginSuccessRate: number;
  /** Endpoints with enough requests that it takes to compare success rates. Default: 5. */
  readonly successRateMinimumHosts: number;
  /** Requests in an interval that it takes for an endpoint to be compared. Default: 100. */
  readonly successRateRequestVolume: number;
  /** Standard deviations below the mean at which a success rate is an outlier, in thousandths. Default: 1900. */
  readonly successRateStdevFactor: number;
  /** Share of failures at which an endpoint is ejected, whatever the others do. Default: 85. */
  readonly failurePercentageThreshold: number;
  /** Default: 0. */
  readonly enforcingFailurePercentage: number;
  /** When local-origin failures are split. Default: 0. */
  readonly enforcingFailurePercentageLocalOrigin: number;
  /** Default: 5. */
  readonly failurePercentageMinimumHosts: number;
  /** Default: 50. */
  readonly failurePercentageRequestVolume: number;
}

/** Envoy's defaults. */
export const DEFAULT_OUTLIER: OutlierPolicy = {
  consecutive5xx: 5,
  enforcingConsecutive5xx: 100,
  consecutiveGatewayFailure: 5,
  enforcingConsecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 5,
  enforcingConsecutiveLocalOriginFailure: 100,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionTimeJitterMs: 0,
  maxEjectionPercent: 10,
  alwaysEjectOneHost: false,
  enforcingSuccessRate: 100,
  enforcingLocalOriginSuccessRate: 100,
  successRateMinimumHosts: 5,
  successRateRequestVolume: 100,
  successRateStdevFactor: 1900,
  failurePercentageThreshold: 85,
  enforcingFailurePercentage: 0,
  enforcingFailurePercentageLocalOrigin: 0,
  failurePercentageMinimumHosts: 5,
  failurePercentageRequestVolume: 50,
};

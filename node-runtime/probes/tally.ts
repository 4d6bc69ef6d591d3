/** How a probe's outcomes add up to a verdict: Kubernetes' successThreshold and failureThreshold. */
export interface Thresholds {
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface Tally {
  /** What holds now. */
  readonly passing: boolean;
  readonly last: boolean | undefined;
  /** Outcomes like the last one in a row. */
  readonly inARow: number;
  /** Some threshold has been reached since the start. */
  readonly decided: boolean;
}

export function startTally(passing: boolean): Tally {
  return { passing, last: undefined, inARow: 0, decided: false };
}

export function count(tally: Tally, ok: boolean, thresholds: Thresholds): Tally {
  const inARow = tally.last === ok ? tally.inARow + 1 : 1;
  const needed = ok ? thresholds.successThreshold : thresholds.failureThreshold;
  const reached = inARow >= needed;
  return {
    passing: reached ? ok : tally.passing,
    last: ok,
    inARow,
    decided: tally.decided || reached,
  };
}

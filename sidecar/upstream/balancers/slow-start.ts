/**
 * Envoy's slow start: an endpoint that has just come gets a small part of its weight, which grows to all of it over a
 * window, so that caches and just-in-time compilers can warm up.
 */
export interface SlowStart {
  /** Time from an endpoint's arrival until it has its whole weight, milliseconds. */
  readonly windowMs: number;
  /** Shape of the growth: 1 is a straight line, more is faster at first. Envoy's default: 1. */
  readonly aggression: number;
  /** The part that it gets at once, 0..100. Envoy's default: 10. */
  readonly minWeightPercent: number;
}

/** Share of its weight that an endpoint of this age has, 0..1 (Envoy's `slow_start_config`). */
export function warmth(slowStart: SlowStart, ageMs: number): number {
  if (ageMs >= slowStart.windowMs) return 1;
  const part = Math.max(1, ageMs) / slowStart.windowMs;
  const grown = slowStart.aggression === 1 ? part : part ** (1 / slowStart.aggression);
  return Math.max(slowStart.minWeightPercent / 100, grown);
}

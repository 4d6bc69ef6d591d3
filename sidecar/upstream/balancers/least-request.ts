import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { EdfSchedule } from './edf.ts';
import type { Weights } from './weights.ts';

export interface LeastRequestSettings {
  /** Endpoints drawn for each request, 2 and up; Envoy's default: 2. */
  readonly choices: number;
  /** Where weights differ: the power of the active requests that divides a weight; Envoy's default: 1. */
  readonly activeBias?: number | undefined;
}

/**
 * Envoy's least request: the least active of some draws with replacement; where weights differ, turns by weight, which
 * requests under way make lighter.
 */
export function leastRequest(
  endpoints: readonly TrackedEndpoint[],
  weights: Weights,
  { choices, activeBias = 1 }: LeastRequestSettings,
  clock: Clock,
  random: Random,
): () => TrackedEndpoint {
  let nowMs = clock.nowMs();
  const weightOf = (index: number): number =>
    weights.of(index, nowMs) / (endpoints[index]!.active + 1) ** activeBias;
  let schedule: EdfSchedule | undefined;
  return () => {
    if (weights.plain || weights.even(clock.nowMs())) return leastOf(endpoints, choices, random);
    nowMs = clock.nowMs();
    schedule ??= new EdfSchedule(endpoints.length, weightOf, random);
    const index = schedule.first;
    schedule.turn(weightOf(index));
    return endpoints[index]!;
  };
}

function leastOf(endpoints: readonly TrackedEndpoint[], choices: number, random: Random): TrackedEndpoint {
  let best = endpoints[Math.floor(random() * endpoints.length)]!;
  for (let draw = 1; draw < choices; draw += 1) {
    const other = endpoints[Math.floor(random() * endpoints.length)]!;
    if (other.active < best.active) best = other;
  }
  return best;
}

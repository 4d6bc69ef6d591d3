import type { Clock } from '#api/foundation/clock.ts';
import type { Random } from '#api/foundation/random.ts';
import type { TrackedEndpoint } from '../tracked-endpoint.ts';
import { EdfSchedule } from './edf.ts';
import type { Weights } from './weights.ts';

/** In turn; where weights differ, in turns by weight. Starts anywhere: sidecars that start together do not march together. */
export function roundRobin(
  endpoints: readonly TrackedEndpoint[],
  weights: Weights,
  clock: Clock,
  random: Random,
): () => TrackedEndpoint {
  let next = Math.floor(random() * endpoints.length);
  let schedule: EdfSchedule | undefined;
  return () => {
    if (weights.plain || weights.even(clock.nowMs())) {
      next = next + 1 < endpoints.length ? next + 1 : 0;
      return endpoints[next]!;
    }
    const nowMs = clock.nowMs();
    schedule ??= new EdfSchedule(endpoints.length, (index) => weights.of(index, nowMs), random);
    const index = schedule.first;
    schedule.turn(weights.of(index, nowMs));
    return endpoints[index]!;
  };
}

import type { Percent } from '#api/xds/gen/envoy/type/v3/percent_pb.js';
import type { Place } from './refusals.ts';

/** Envoy's Percent: 0 to 100, fractions included. */
export function acceptPercent(percent: Percent | undefined, unsaid: number, place: Place): number {
  const value = percent?.value ?? unsaid;
  if (value >= 0 && value <= 100) return value;
  place.refuse('must be from 0 to 100');
  return unsaid;
}

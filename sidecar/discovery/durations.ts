import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Place } from './refusals.ts';

/** Timers cannot be set further ahead (24.8 days): they would go off at once. */
const MAX_MS = 0x7fff_ffff;

/** A protobuf Duration in milliseconds; refused when it is negative or longer than a timer can be. */
export function acceptDuration(duration: Duration, place: Place): number {
  const ms = Number(duration.seconds) * 1000 + duration.nanos / 1e6;
  if (ms >= 0 && ms <= MAX_MS) return ms;
  place.refuse(ms < 0 ? 'must not be negative' : 'must be at most 24 days');
  return 0;
}

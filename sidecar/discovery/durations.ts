import type { Duration } from '@bufbuild/protobuf/wkt';

/** A protobuf Duration in milliseconds. */
export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

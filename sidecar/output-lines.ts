import type { Writable } from 'node:stream';
import type { LineSink } from './access-log/line-sink.ts';

/** What may wait for a reader that is slow. More is lost. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Lines to a stream of the process. */
export function outputLines(stream: Writable): LineSink {
  return {
    write(line) {
      if (stream.writableLength > MAX_WAITING_BYTES) return false;
      stream.write(line);
      return true;
    },
  };
}

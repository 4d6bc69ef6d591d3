/** A viewer on the loopback for the tests of one file. */
import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { startTraceViewer, type TraceViewer } from '#trace-viewer/trace-viewer.ts';

export function startOnLoopback(): Promise<TraceViewer> {
  const free = { host: '127.0.0.1', port: 0 };
  return startTraceViewer({ pages: free, grpc: free, http: free, clock: systemClock, logger: silentLogger });
}

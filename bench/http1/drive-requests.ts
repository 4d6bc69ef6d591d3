import type { Sample } from '../harness/interleave.ts';
import { accountFor, type ProxyPath } from '../harness/path.ts';
import type { Workbench } from '../harness/workbench.ts';
import { type LoadOptions, runWrk } from '../harness/wrk.ts';
import { CLIENT_HEADERS } from './request-head.ts';

export interface RequestLoad extends Pick<LoadOptions, 'path' | 'connections' | 'bodyBytes'> {
  /** Of the request; those of a client when absent. */
  readonly headers?: readonly string[];
  /** Length of the bodies, where bytes are what counts. */
  readonly bytesEach?: number;
}

/** Sends requests through a path for a while; figures by the request, and by the mebibyte where bytes count. */
export function driveRequests(
  bench: Workbench,
  wrk: string,
  path: ProxyPath,
  { bytesEach, ...load }: RequestLoad,
  seconds: number,
): Promise<Sample> {
  return accountFor(path, async () => {
    const options = { headers: CLIENT_HEADERS, ...load, seconds };
    const { requests, ...figures } = await runWrk(bench.cores.load, wrk, path.port, options);
    return { requests, figures, ...(bytesEach !== undefined && { bytes: requests * bytesEach }) };
  });
}

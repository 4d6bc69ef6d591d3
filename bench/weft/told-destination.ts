/**
 * Stands in for `sidecar/intercept/original-destination.ts`, the only part of a measured sidecar that is not the production
 * one: connections come over plain loopback, without the redirect whose target only the kernel knows, and so the target is
 * told: `WEFT_BENCH_DESTINATION=ADDRESS:PORT`.
 */
import type { OriginalDestinationReader } from '#sidecar/intercept/original-destination.ts';

export async function createOriginalDestinationReader(): Promise<OriginalDestinationReader> {
  const [address, port] = (process.env['WEFT_BENCH_DESTINATION'] ?? '').split(':');
  if (address === undefined || port === undefined)
    throw new Error('WEFT_BENCH_DESTINATION=ADDRESS:PORT is needed');
  const destination = { address, port: Number(port) };
  return { read: () => destination };
}

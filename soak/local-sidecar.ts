/** A sidecar in this process, for a soak that is a test: its memory is that of everybody here, its accounts are its own. */
import type { Socket } from 'node:net';
import { systemClock } from '#api/foundation/clock.ts';
import { createLogger } from '#api/foundation/logger.ts';
import type { Random } from '#api/foundation/random.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { grpcTransport } from '#sidecar/discovery/grpc-transport.ts';
import { startSidecar } from '#sidecar/sidecar.ts';
import { addressOf, type Destination } from './destinations.ts';
import type { Subject } from './subject.ts';
import { VitalSigns } from './vitals.ts';

export async function startLocalSidecar(
  discoveryPort: number,
  destinations: readonly Destination[],
  random: Random,
): Promise<Subject> {
  const errors: string[] = [];
  const logger = createLogger({
    level: 'error',
    write: (line) => errors.push(line),
    wallMs: systemClock.wallMs,
    fields: {},
  });
  const config = SidecarConfig.parse({
    pod: 'client-1',
    namespace: 'soak',
    podIp: '127.0.0.1',
    workload: 'client',
    discoveryAddress: `127.0.0.1:${discoveryPort}`,
  });
  const world = {
    transport: grpcTransport(config.discoveryAddress),
    originalDestination: {
      read: ({ remoteAddress = '' }: Socket) => addressOf(destinations, remoteAddress),
    },
    clock: systemClock,
    random,
    logger,
  };
  const ports = { outbound: 0, inbound: 0, admin: 0, metrics: 0, readiness: 0, ownMetrics: 0 };
  const sidecar = await startSidecar({ ...config, ports }, world, () => {});
  const signs = new VitalSigns();
  return {
    ports: sidecar.ports,
    errors,
    died: undefined,
    vitals: (objects) => Promise.resolve(signs.take(objects)),
    stop: () => sidecar.close(),
  };
}

import { systemClock } from '#api/foundation/clock.ts';
import { silentLogger } from '#api/foundation/logger.ts';
import { seededRandom } from '#api/foundation/random.ts';
import { SidecarConfig } from '#api/mesh/sidecar-config.ts';
import { grpcTransport } from '#sidecar/discovery/grpc-transport.ts';
import { type Sidecar, startSidecar, type World } from '#sidecar/sidecar.ts';

const ANY_PORTS = { outbound: 0, inbound: 0, admin: 0, metrics: 0, readiness: 0, ownMetrics: 0 };

/** Where all captured connections were going, since nobody redirects any. */
export const DESTINATION = { address: '10.96.0.1', port: 80 };

export interface LoneSidecar {
  /** Of a control plane of the test on this machine. */
  readonly discoveryPort: number;
  readonly config?: Partial<SidecarConfig>;
  /** What connections were redirected from; `DESTINATION` when absent. */
  readonly originalDestination?: World['originalDestination'];
  readonly onQuit?: () => void;
}

/** A whole sidecar in this process, `web-1.shop` unless it is said: only the redirect is told, not recovered. */
export function startLoneSidecar({
  discoveryPort,
  config: more,
  originalDestination = { read: () => DESTINATION },
  onQuit = () => {},
}: LoneSidecar): Promise<Sidecar> {
  const config = SidecarConfig.parse({
    pod: 'web-1',
    namespace: 'shop',
    podIp: '127.0.0.1',
    workload: 'web',
    discoveryAddress: `127.0.0.1:${discoveryPort}`,
    ...more,
  });
  const world = {
    transport: grpcTransport(config.discoveryAddress),
    originalDestination,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  };
  return startSidecar({ ...config, ports: ANY_PORTS }, world, onQuit);
}

/**
 * Chooses what a new mesh is made of, pure. The default directories get the well-known names and ports; other ones
 * get names, ports and address ranges from a hash of the directories, so that the same directories always make the
 * same mesh and two meshes stay apart, and step aside from what the host already uses.
 */
import { createHash } from 'node:crypto';
import { WeftError } from '#api/foundation/errors.ts';
import { MeshConfig } from '#api/mesh/config.ts';
import { type Cidr, overlaps, parseCidr } from './cidr.ts';

export interface HostUse {
  /** TCP ports with a listener. */
  readonly ports: ReadonlySet<number>;
  /** Address ranges that the host routes. */
  readonly ranges: readonly Cidr[];
}

export type Overrides = Partial<
  Pick<
    MeshConfig,
    | 'apiPort'
    | 'xdsPort'
    | 'monitoringPort'
    | 'nodeMetricsPort'
    | 'podCidr'
    | 'serviceCidr'
    | 'ociRuntime'
    | 'nodeName'
  >
>;

interface Place {
  readonly dataDir: string;
  readonly runDir: string;
}

export const DEFAULT_PLACE: Place = { dataDir: '/var/lib/weft', runDir: '/run/weft' };

/** Below the range from which Linux takes ports for outgoing connections (32768 on). */
const FIRST_PORT = 20_000;
const PORT_SLOTS = 1_200;
const PORTS_A_SLOT = 10;
/** Four are the mesh's own; the rest is for its addons. */
const PORTS_USED = 8;
/** Pods of slot k live in 10.(100+k), services in 10.(170+k): clear of the defaults 10.96 and 10.244. */
const FIRST_POD_RANGE = 100;
const FIRST_SERVICE_RANGE = 170;
const RANGE_SLOTS = 70;

/** Throws a WeftError `NoRoomForMesh` when every slot is taken, `Usage` when an override is not valid. */
export function chooseConfig(place: Place, nodeName: string, overrides: Overrides, use: HostUse): MeshConfig {
  const own = isDefault(place) ? { id: 'weft' } : derived(place, use);
  const parsed = MeshConfig.safeParse({ ...place, nodeName, ...own, ...overrides });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WeftError('Usage', `${issue?.path.join('.')}: ${issue?.message}`);
}

export function isDefault(place: Place): boolean {
  return place.dataDir === DEFAULT_PLACE.dataDir && place.runDir === DEFAULT_PLACE.runDir;
}

function derived(
  place: Place,
  use: HostUse,
): Omit<MeshConfig, keyof Place | 'nodeName' | 'trustDomain' | 'clusterDomain' | 'addons'> {
  const digest = createHash('sha256').update(`${place.dataDir}\0${place.runDir}`).digest();
  const port = firstFree(digest.readUInt32BE(4), PORT_SLOTS, (slot) => {
    const base = FIRST_PORT + slot * PORTS_A_SLOT;
    const ports = Array.from({ length: PORTS_USED }, (_, i) => base + i);
    return ports.every((candidate) => !use.ports.has(candidate)) ? base : undefined;
  });
  const ranges = firstFree(digest.readUInt32BE(8), RANGE_SLOTS, (slot) => {
    const podCidr = `10.${FIRST_POD_RANGE + slot}.0.0/16`;
    const serviceCidr = `10.${FIRST_SERVICE_RANGE + slot}.0.0/16`;
    const taken = [podCidr, serviceCidr].some((text) =>
      use.ranges.some((range) => overlaps(parseCidr(text)!, range)),
    );
    return taken ? undefined : { podCidr, serviceCidr };
  });
  if (port === undefined || ranges === undefined) {
    throw new WeftError(
      'NoRoomForMesh',
      `no free ${port === undefined ? 'ports' : 'address ranges'} are left for another mesh`,
      {
        remedy: 'choose them with --api-port, --xds-port, --monitoring-port, --pod-cidr and --service-cidr',
      },
    );
  }
  return {
    id: idOf(digest),
    apiPort: port,
    xdsPort: port + 1,
    monitoringPort: port + 2,
    nodeMetricsPort: port + 3,
    ...ranges,
  };
}

/** `w` and seven of [a-z0-9]: 36^7 are enough for the meshes of a machine. */
function idOf(digest: Buffer): string {
  return `w${(digest.readUInt32BE(0) + digest.readUInt32BE(12) * 2 ** 5).toString(36).padStart(7, '0').slice(-7)}`;
}

function firstFree<T>(seed: number, slots: number, take: (slot: number) => T | undefined): T | undefined {
  for (let i = 0; i < slots; i += 1) {
    const found = take((seed + i) % slots);
    if (found !== undefined) return found;
  }
  return undefined;
}

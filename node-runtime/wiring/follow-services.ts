import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { serviceNames } from '../dns/service-names.ts';
import { writeZoneFile, zoneFilePath } from '../dns/zone-file.ts';
import { applyServiceRules } from '../network/host-network.ts';
import { hostPortsOf } from '../network/host-ports.ts';
import { coalesced } from './coalesced.ts';
import type { Informers } from './informers.ts';

/**
 * Keeps names and host rules in step with services, endpoints and published ports. Nothing is touched before both are known: a node
 * runtime that starts without a control plane must not wipe out what works.
 */
export async function followServices(
  config: MeshConfig,
  { services, slices, pods }: Pick<Informers, 'services' | 'slices' | 'pods'>,
  tools: { clock: Clock; logger: Logger },
): Promise<void> {
  const path = zoneFilePath(config.runDir);
  const rules = coalesced(
    'service rules',
    () => applyServiceRules(config, services.list(), slices.list(), hostPortsOf(pods.list())),
    tools,
  );
  const names = coalesced(
    'service names',
    () => writeZoneFile(path, serviceNames(services.list(), slices.list())),
    tools,
  );
  await Promise.all([services.synced, slices.synced, pods.synced]);
  const update = (): void => {
    rules();
    names();
  };
  services.onChange(update);
  slices.onChange(update);
  let published = JSON.stringify(hostPortsOf(pods.list()));
  pods.onChange(() => {
    const now = JSON.stringify(hostPortsOf(pods.list()));
    if (now !== published) rules();
    published = now;
  });
  update();
}

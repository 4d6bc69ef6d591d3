import type { Clock } from '#api/foundation/clock.ts';
import type { Logger } from '#api/foundation/logger.ts';
import type { MeshConfig } from '#api/mesh/config.ts';
import { capturedPods, entryNames } from '../dns/entry-names.ts';
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
  {
    services,
    slices,
    serviceEntries,
    pods,
  }: Pick<Informers, 'services' | 'slices' | 'serviceEntries' | 'pods'>,
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
    () =>
      writeZoneFile(path, {
        services: serviceNames(services.list(), slices.list()),
        entries: entryNames(serviceEntries.list()),
        captured: capturedPods(pods.list()),
      }),
    tools,
  );
  await Promise.all([services.synced, slices.synced, serviceEntries.synced, pods.synced]);
  const update = (): void => {
    rules();
    names();
  };
  services.onChange(update);
  slices.onChange(update);
  serviceEntries.onChange(names);
  onDifference(pods, () => hostPortsOf(pods.list()), rules);
  onDifference(pods, () => capturedPods(pods.list()), names);
  update();
}

/** Most changes of a pod change none of what is taken from it. */
function onDifference(pods: Informers['pods'], part: () => unknown, then: () => void): void {
  let before = JSON.stringify(part());
  pods.onChange(() => {
    const now = JSON.stringify(part());
    if (now !== before) then();
    before = now;
  });
}

import type { Stored } from '#api/kinds/meta.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import { isExported } from '../model/export-to.ts';
import { keyOf } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { MESH } from '../routes/reader.ts';
import { type Finding, finding } from './finding.ts';

/** Hosts of a rule for sidecars that are no service's, or for which somebody older speaks. */
export function hostFindings(rule: Stored<VirtualService>, inputs: Inputs): Finding[] {
  if (!isForMesh(rule)) return [];
  const key = keyOf(rule);
  const meshSuffix = `.svc.${inputs.options.clusterDomain}`;
  const everything = rule.spec.hosts?.includes('*') === true;
  return [
    ...(everything ? [finding('HostNotAllowed', 'spec.hosts', '* claims every host of the mesh')] : []),
    ...inputs.virtualServices.hostsOf(key).flatMap((host): Finding[] => {
      const winner = inputs.virtualServices.on(host).find((other) => isForMesh(other) && sees(other, rule));
      if (winner !== undefined && keyOf(winner) !== key) {
        const what = `${host} belongs to the older VirtualService ${keyOf(winner)}`;
        return [finding('HostConflict', 'spec.hosts', what)];
      }
      return host.endsWith(meshSuffix) && inputs.servicesUnder(host).length === 0
        ? [finding('UnknownHost', 'spec.hosts', `no service is named ${host}`)]
        : [];
    }),
  ];
}

function isForMesh({ spec }: Stored<VirtualService>): boolean {
  return (spec.gateways ?? []).length === 0 || spec.gateways!.includes(MESH);
}

/** Whether the older rule is in force in the namespace of the younger: only then are they in each other's way. */
function sees(older: Stored<VirtualService>, younger: Stored<VirtualService>): boolean {
  const { namespace = 'default' } = older.metadata;
  return isExported(older.spec.exportTo, namespace, younger.metadata.namespace ?? 'default');
}

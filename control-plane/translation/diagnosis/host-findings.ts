import type { Stored } from '#api/kinds/meta.ts';
import type { VirtualService } from '#api/kinds/virtual-service.ts';
import { keyOf } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { exportQuestions } from '../routes/audience.ts';
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
      const winner = inputs.virtualServices.on(host).find((other) => isForMesh(other) && meet(other, rule));
      if (winner !== undefined && keyOf(winner) !== key) {
        const what = `${host} belongs to the older VirtualService ${keyOf(winner)}`;
        return [finding('HostConflict', 'spec.hosts', what)];
      }
      return host.endsWith(meshSuffix) && inputs.rules.servicesUnder(host).length === 0
        ? [finding('UnknownHost', 'spec.hosts', `no service is named ${host}`)]
        : [];
    }),
  ];
}

function isForMesh({ spec }: Stored<VirtualService>): boolean {
  return (spec.gateways ?? []).length === 0 || spec.gateways!.includes(MESH);
}

/** Whether the rules are in force in one namespace both: only then are they in each other's way. */
function meet(a: Stored<VirtualService>, b: Stored<VirtualService>): boolean {
  const [one, other] = [
    exportQuestions(a.spec.exportTo, homeOf(a)),
    exportQuestions(b.spec.exportTo, homeOf(b)),
  ];
  return one.length === 0 || other.length === 0 || one.some((namespace) => other.includes(namespace));
}

function homeOf({ metadata }: Stored<VirtualService>): string {
  return metadata.namespace ?? 'default';
}

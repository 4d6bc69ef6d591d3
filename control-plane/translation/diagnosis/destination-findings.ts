/** Destinations that are not there, whatever names them: routes of all three protocols, and mirrors. */
import type { Stored } from '#api/kinds/meta.ts';
import type { Destination, VirtualService } from '#api/kinds/virtual-service.ts';
import { ruleHost } from '#api/mesh/names.ts';
import type { Inputs } from '../model/inputs.ts';
import type { TrafficRules } from '../model/traffic-rules.ts';
import { type Finding, finding } from './finding.ts';

type RulesOf = (host: string) => TrafficRules;

export interface PlacedDestination {
  readonly path: string;
  readonly destination: Destination;
  /** Its share is 0 while others have one. */
  readonly idle: boolean;
}

export function destinationFindings(
  rule: Stored<VirtualService>,
  inputs: Inputs,
  rulesOf: RulesOf,
): Finding[] {
  const namespace = rule.metadata.namespace ?? 'default';
  return destinationsOf(rule).flatMap(({ path, destination, idle }) => {
    const host = ruleHost(destination.host.toLowerCase(), namespace, inputs.options.clusterDomain);
    const wrong = missing(path, { ...destination, host }, inputs, rulesOf);
    const unused: Finding = { ...finding('ZeroWeight', path, `weight 0: ${host} gets nothing`), hint: true };
    return [...(wrong === undefined ? [] : [wrong]), ...(idle ? [unused] : [])];
  });
}

export function destinationsOf({ spec }: Stored<VirtualService>): PlacedDestination[] {
  const { http = [], tls = [], tcp = [] } = spec;
  return [
    ...http.flatMap(({ route = [], mirror, mirrors = [] }, i) => [
      ...routeOf(`spec.http[${i}]`, route),
      ...(mirror === undefined ? [] : [{ path: `spec.http[${i}].mirror`, destination: mirror, idle: false }]),
      ...mirrors.map(({ destination }, j) => ({
        path: `spec.http[${i}].mirrors[${j}].destination`,
        destination,
        idle: false,
      })),
    ]),
    ...tls.flatMap(({ route }, i) => routeOf(`spec.tls[${i}]`, route)),
    ...tcp.flatMap(({ route }, i) => routeOf(`spec.tcp[${i}]`, route)),
  ];
}

function routeOf(
  path: string,
  route: readonly { destination: Destination; weight?: number | undefined }[],
): PlacedDestination[] {
  return route.map(({ destination, weight = 0 }, j) => ({
    path: `${path}.route[${j}].destination`,
    destination,
    idle: route.length > 1 && weight === 0,
  }));
}

function missing(
  path: string,
  { host, port, subset = '' }: Destination,
  inputs: Inputs,
  rulesOf: RulesOf,
): Finding | undefined {
  const service = inputs.services.get(host);
  if (service === undefined) return finding('UnknownHost', path, `no service is named ${host}`);
  if (port !== undefined && !service.ports.some(({ number }) => number === port.number)) {
    return finding('UnknownPort', path, `the service ${host} has no port ${port.number}`);
  }
  if (subset === '' || rulesOf(host).subsets.some(({ name }) => name === subset)) return undefined;
  return finding('UnknownSubset', path, `no DestinationRule defines the subset ${subset} of ${host}`);
}

/** What is wrong with a DestinationRule: it speaks of nothing, somebody older speaks, or what it needs is not there. */
import type { DestinationRule } from '#api/kinds/destination-rule.ts';
import type { Stored } from '#api/kinds/meta.ts';
import type { TrafficPolicy } from '#api/kinds/traffic-policy.ts';
import { keyOf } from '../model/host-match.ts';
import type { Inputs } from '../model/inputs.ts';
import { same } from '../model/same.ts';
import { type Finding, finding } from './finding.ts';

type Rule = Stored<DestinationRule>;
type Place = readonly [path: string, policy: TrafficPolicy];

export function destinationRuleFindings(rule: Rule, inputs: Inputs): Finding[] {
  const hosts = inputs.destinationRules
    .hostsOf(keyOf(rule))
    .flatMap((host) => inputs.rules.servicesUnder(host));
  if (hosts.length === 0)
    return [finding('UnknownHost', 'spec.host', `no service is named ${rule.spec.host}`)];
  return [
    ...olderRules(rule, inputs),
    ...places(rule).flatMap((place) => [
      ...unknownPorts(place, hosts, inputs),
      ...unknownSecrets(place, rule, inputs),
      ...uselessFailover(place, rule),
    ]),
  ];
}

/** Istio merges the rules that one namespace has for one host; of what two say, the older one's counts. */
function olderRules(rule: Rule, inputs: Inputs): Finding[] {
  const home = rule.metadata.namespace ?? 'default';
  return inputs.destinationRules.hostsOf(keyOf(rule)).flatMap((host) => {
    const rules = inputs.destinationRules
      .on(host)
      .filter((other) => (other.metadata.namespace ?? 'default') === home && isForTheSame(other, rule));
    const own = rules.findIndex((other) => keyOf(other) === keyOf(rule));
    return rules.slice(0, own).flatMap((older) => lostTo(older, rule, host));
  });
}

/** Rules for different workloads stand beside one another. */
function isForTheSame(a: Rule, b: Rule): boolean {
  return same(a.spec.workloadSelector?.matchLabels ?? {}, b.spec.workloadSelector?.matchLabels ?? {});
}

function lostTo(older: Rule, { spec }: Rule, host: string): Finding[] {
  const names = new Set(spec.subsets?.map(({ name }) => name));
  const subsets = (older.spec.subsets ?? [])
    .filter(({ name }) => names.has(name))
    .map(({ name }) => {
      const what = `${name} of ${host} is defined by the older DestinationRule ${keyOf(older)}`;
      return finding('HostConflict', 'spec.subsets', what);
    });
  if (spec.trafficPolicy === undefined || older.spec.trafficPolicy === undefined) return subsets;
  const what = `${host} has that of the older DestinationRule ${keyOf(older)}`;
  return [...subsets, finding('HostConflict', 'spec.trafficPolicy', what)];
}

/** Every policy of the rule, with its path. */
function places({ spec }: Rule): Place[] {
  const subsets = (spec.subsets ?? []).flatMap(({ trafficPolicy }, i): Place[] =>
    trafficPolicy === undefined ? [] : [[`spec.subsets[${i}].trafficPolicy`, trafficPolicy]],
  );
  return spec.trafficPolicy === undefined
    ? subsets
    : [['spec.trafficPolicy', spec.trafficPolicy], ...subsets];
}

function unknownPorts([path, policy]: Place, hosts: readonly string[], { services }: Inputs): Finding[] {
  return (policy.portLevelSettings ?? []).flatMap(({ port: { number } }, i) => {
    const known = hosts.some((host) => services.get(host)?.ports.some((port) => port.number === number));
    const at = `${path}.portLevelSettings[${i}].port.number`;
    return known ? [] : [finding('UnknownPort', at, `no service of this host has the port ${number}`)];
  });
}

/** Clients take the Secret from their own namespace; the rule's own is where it is looked for here. */
function unknownSecrets([path, policy]: Place, { metadata }: Rule, { secrets }: Inputs): Finding[] {
  const layers: readonly (readonly [string, TrafficPolicy['tls']])[] = [
    [path, policy.tls],
    ...(policy.portLevelSettings ?? []).map(
      ({ tls }, i) => [`${path}.portLevelSettings[${i}]`, tls] as const,
    ),
  ];
  return layers.flatMap(([at, tls]) => {
    const name = tls?.credentialName;
    const key = `${metadata.namespace ?? 'default'}/${name}`;
    if (name === undefined || secrets.has(key) || secrets.has(`${key}-cacert`)) return [];
    const what = `no Secret ${key} holds anything for TLS: clients of this namespace cannot connect`;
    return [finding('UnknownSecret', `${at}.tls.credentialName`, what)];
  });
}

function uselessFailover([path, policy]: Place, { spec }: Rule): Finding[] {
  const { failover = [], failoverPriority = [] } = policy.loadBalancer?.localityLbSetting ?? {};
  const ejects = policy.outlierDetection ?? spec.trafficPolicy?.outlierDetection;
  if (failover.length + failoverPriority.length === 0 || ejects !== undefined) return [];
  const what = 'failover needs outlierDetection: without it no endpoint is ever out';
  return [{ ...finding('UselessSetting', `${path}.loadBalancer.localityLbSetting`, what), hint: true }];
}

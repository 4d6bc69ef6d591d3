/** What is hashed to choose an endpoint: the routes say it, although it is a matter of the destination. */
import { parseDuration } from '#api/foundation/duration.ts';
import type { ConsistentHash } from '#api/kinds/traffic-policy.ts';
import type { RouteAction_HashPolicySchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { durationOf, type Init } from '../message.ts';
import { settingsFor, type TrafficRules } from '../model/traffic-rules.ts';

type HashPolicy = Init<typeof RouteAction_HashPolicySchema>;

/** None: the destination is not chosen by a hash. `subset` '' is the whole service. */
export function hashPolicies(rules: TrafficRules, subset: string, port: number): HashPolicy[] {
  const hash = settingsFor(rules, subset, port).loadBalancer?.consistentHash;
  return hash === undefined ? [] : [{ policySpecifier: specifier(hash) }];
}

function specifier(hash: ConsistentHash): NonNullable<HashPolicy['policySpecifier']> {
  const { httpHeaderName, httpCookie, httpQueryParameterName } = hash;
  if (httpHeaderName !== undefined) return { case: 'header', value: { headerName: httpHeaderName } };
  if (httpQueryParameterName !== undefined) {
    return { case: 'queryParameter', value: { name: httpQueryParameterName } };
  }
  if (httpCookie === undefined) return { case: 'connectionProperties', value: { sourceIp: true } };
  const { name, path = '', ttl } = httpCookie;
  return {
    case: 'cookie',
    value: { name, path, ...(ttl === undefined ? {} : { ttl: durationOf(parseDuration(ttl) ?? 0) }) },
  };
}

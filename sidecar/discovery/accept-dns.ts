import {
  type Cluster,
  Cluster_DnsLookupFamily as LookupFamily,
} from '#api/xds/gen/envoy/config/cluster/v3/cluster_pb.js';
import { acceptAssignment, NO_ENDPOINTS } from './accept-assignment.ts';
import type { DnsPlan } from './dns/dns-endpoints.ts';
import type { NamePolicy } from './dns/name-watch.ts';
import { acceptDuration } from './durations.ts';
import type { Place } from './refusals.ts';

/** Envoy's default for dns_refresh_rate. */
const REFRESH_MS = 5_000;
/** Names watched for one cluster. */
const MAX_NAMES = 64;

const FAMILIES: Readonly<Record<LookupFamily, NamePolicy['family']>> = {
  [LookupFamily.AUTO]: { order: [6, 4], all: false },
  [LookupFamily.V4_ONLY]: { order: [4], all: false },
  [LookupFamily.V6_ONLY]: { order: [6], all: false },
  [LookupFamily.V4_PREFERRED]: { order: [4, 6], all: false },
  [LookupFamily.ALL]: { order: [4, 6], all: true },
};

/** The fields of a Cluster that only those which are found by name have. */
export const DNS_FIELDS: readonly string[] = ['dns_refresh_rate', 'respect_dns_ttl', 'dns_lookup_family'];

export function acceptDns(cluster: Cluster, kind: DnsPlan['kind'], place: Place): DnsPlan {
  const here = place.in('load_assignment');
  const assignment =
    cluster.loadAssignment === undefined
      ? NO_ENDPOINTS
      : acceptAssignment(cluster.loadAssignment, here, 'name');
  const names = assignment.localities.flatMap(({ endpoints }) => endpoints);
  if (names.length > MAX_NAMES) here.refuse(`has more than ${MAX_NAMES} endpoints`);
  if (kind === 'logical' && names.length !== 1) here.refuse('must have exactly one endpoint for LOGICAL_DNS');
  const { dnsRefreshRate, respectDnsTtl, dnsLookupFamily } = cluster;
  const rate = place.in('dns_refresh_rate');
  const refreshMs = dnsRefreshRate === undefined ? REFRESH_MS : acceptDuration(dnsRefreshRate, rate);
  if (refreshMs < 1) rate.refuse('must be at least 1ms');
  const policy = { family: FAMILIES[dnsLookupFamily], refreshMs, respectTtl: respectDnsTtl };
  return { kind, policy, assignment };
}

/** Tables compiled from JSON, for the tests of this room. */
import { createRegistry, fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { seededRandom } from '#api/foundation/random.ts';
import { FilterConfigSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { CorsPolicySchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { type Accepted, accept } from '#sidecar/discovery/refusals.ts';
import type { Cluster } from '#sidecar/upstream/cluster.ts';
import { compileRouteTable } from '../compile-route-table.ts';
import type { RequestView } from '../request-view.ts';
import type { ForwardDecision, RouteDecision, RouteTable } from '../route-table.ts';

/** Every cluster exists but `gone`. Routing hands clusters on and asks nothing of them. */
const clusters = {
  made: new Map<string, Cluster>(),
  get(name: string) {
    if (name === 'gone') return undefined;
    const cluster = this.made.get(name) ?? ({ name } as Cluster);
    this.made.set(name, cluster);
    return cluster;
  },
};

/** What may stand in an Any. */
const registry = createRegistry(FilterConfigSchema, CorsPolicySchema, HTTPFaultSchema);

/** Compiles a table named `t`. */
export function compile(virtualHosts: JsonValue[], fields: JsonObject = {}): Accepted<RouteTable> {
  const config = fromJson(
    RouteConfigurationSchema,
    { name: 't', virtual_hosts: virtualHosts, ...fields },
    { registry },
  );
  const context = { clusters, random: seededRandom(7), clusterNames: new Set<string>() };
  return accept((place) => compileRouteTable(config, context, place));
}

export function tableOf(virtualHosts: JsonValue[], fields: JsonObject = {}): RouteTable {
  const compiled = compile(virtualHosts, fields);
  if (!compiled.ok) throw new Error(compiled.reasons.join('\n'));
  return compiled.value;
}

export function reasonsOf(virtualHosts: JsonValue[], fields: JsonObject = {}): readonly string[] {
  const compiled = compile(virtualHosts, fields);
  return compiled.ok ? [] : compiled.reasons;
}

export interface Sent {
  method?: string;
  path?: string;
  authority?: string;
  scheme?: 'http' | 'https';
  headers?: Record<string, string>;
}

export function request(sent: Sent): RequestView {
  const { method = 'GET', path = '/', authority = 'a', scheme = 'http', headers = {} } = sent;
  const rooted = path.startsWith('/');
  return { method, path, rooted, authority, scheme, header: (name) => headers[name] };
}

/** The cluster that a request is sent to, or the status of the refusal. */
export function select(table: RouteTable, sent: Sent): string | number {
  const decision = table.select(request(sent));
  return decision.kind === 'forward' ? decision.cluster.name : decision.status;
}

export const to = (cluster: string, match: JsonObject = { prefix: '/' }): JsonObject => ({
  match,
  route: { cluster },
});
export const host = (domains: string[], ...routes: JsonObject[]): JsonObject => ({
  name: domains.join(),
  domains,
  routes,
});

/** What a table with this one route decides of a request. */
export function decide(route: JsonObject, sent: Sent = {}, fields: JsonObject = {}): RouteDecision {
  const table = tableOf([host(['*'], { name: 'r', match: { prefix: '/' }, ...route })], fields);
  return table.select(request(sent));
}

/** As `decide`, of a route that forwards. */
export function forward(action: JsonObject, sent: Sent = {}): ForwardDecision {
  const decision = decide({ route: { cluster: 'a', ...action } }, sent);
  if (decision.kind !== 'forward') throw new Error(`${decision.kind}, not forward`);
  return decision;
}

/** Why a route is refused, with paths from the route on. */
export function refusalsOf(route: JsonObject): readonly string[] {
  const reasons = reasonsOf([host(['*'], { match: { prefix: '/' }, ...route })]);
  return reasons.map((reason) => reason.replace('virtual_hosts[0].routes[0].', ''));
}

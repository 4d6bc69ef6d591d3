import {
  VirtualHostSchema,
  type VirtualHost as XdsVirtualHost,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { RouteContext } from './compile-action.ts';
import { compileRoute } from './compile-route.ts';
import { compileTlsRequirement } from './compile-tls-requirement.ts';
import type { RequestView } from './request-view.ts';
import type { RejectDecision, RouteDecision, RouteTable } from './route-table.ts';
import { narrow, SCOPE_FIELDS, type Scope, widest } from './scope.ts';
import { type VirtualHost, VirtualHosts } from './virtual-hosts.ts';

const TABLE_FIELDS = new Set([
  'name',
  'virtual_hosts',
  'validate_clusters',
  'ignore_port_in_host_matching',
  'metadata',
  'most_specific_header_mutations_wins',
  ...SCOPE_FIELDS,
]);
const HOST_FIELDS = new Set([
  'name',
  'domains',
  'routes',
  'metadata',
  'include_request_attempt_count',
  'require_tls',
  ...SCOPE_FIELDS,
]);

/** Compiles a RouteConfiguration; what it refuses is told to `place`. */
export function compileRouteTable(
  config: RouteConfiguration,
  context: RouteContext,
  place: Place,
): RouteTable {
  place.allow(RouteConfigurationSchema, config, TABLE_FIELDS);
  const scope = narrow(widest(config.mostSpecificHeaderMutationsWins), config, place);
  const hosts = new VirtualHosts();
  const names = new Set<string>();
  config.virtualHosts.forEach((host, i) => {
    const here = place.in(`virtual_hosts[${i}]`);
    if (names.has(host.name)) here.in('name').refuse(`"${host.name}" is taken by another virtual host`);
    names.add(host.name);
    compileVirtualHost(host, scope, hosts, context, here);
  });
  return new CompiledTable(config.name, hosts, config.ignorePortInHostMatching);
}

function compileVirtualHost(
  host: XdsVirtualHost,
  table: Scope,
  hosts: VirtualHosts,
  context: RouteContext,
  place: Place,
): void {
  place.allow(VirtualHostSchema, host, HOST_FIELDS);
  if (host.domains.length === 0) place.in('domains').refuse('must name at least one domain');
  const scope = { ...narrow(table, host, place), countAttempts: host.includeRequestAttemptCount };
  const compiled: VirtualHost = {
    name: host.name,
    withoutTls: compileTlsRequirement(host.requireTls, place.in('require_tls')),
    routes: host.routes
      .map((route, i) => compileRoute(route, scope, context, place.in(`routes[${i}]`)))
      .filter((route) => route !== undefined),
  };
  for (const domain of host.domains) {
    if (domain === '') place.in('domains').refuse('must not be empty');
    else if (!hosts.add(domain, compiled)) place.in('domains').refuse(`"${domain}" stands twice`);
  }
}

class CompiledTable implements RouteTable {
  readonly name: string;
  readonly #hosts: VirtualHosts;
  readonly #ignorePort: boolean;

  constructor(name: string, hosts: VirtualHosts, ignorePort: boolean) {
    this.name = name;
    this.#hosts = hosts;
    this.#ignorePort = ignorePort;
  }

  select(request: RequestView): RouteDecision {
    const authority = this.#ignorePort ? withoutPort(request.authority) : request.authority;
    const host = this.#hosts.find(authority);
    if (host === undefined) return this.#noHost(request);
    if (host.withoutTls !== undefined && request.scheme !== 'https') return host.withoutTls;
    for (const route of host.routes) {
      if (route.matches(request)) return route.action.decide();
    }
    return this.#noRoute(host, request);
  }

  #noHost(request: RequestView): RejectDecision {
    return notFound(`no virtual host of "${this.name}" is for "${clip(request.authority)}"`);
  }

  #noRoute(host: VirtualHost, request: RequestView): RejectDecision {
    const wanted = `${clip(request.method)} ${clip(request.path)}`;
    return notFound(`no route of virtual host "${host.name}" in "${this.name}" matches ${wanted}`);
  }
}

function notFound(reason: string): RejectDecision {
  return { kind: 'reject', status: 404, flag: 'NR', reason };
}

/** What a client sent is repeated in a sentence at this length at most. */
function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** Cuts `:PORT` off; the colons of a bracketed IPv6 address stay. */
function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.indexOf(']', colon) >= 0) return authority;
  return authority.slice(0, colon);
}

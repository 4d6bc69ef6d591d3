/** The route configurations of a gateway: a virtual host for each name that a server and a VirtualService share. */
import { create } from '@bufbuild/protobuf';
import {
  type RouteSchema,
  VirtualHost_TlsRequirementType as TlsRequirement,
  type VirtualHost,
  VirtualHostSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { type Encoded, encode } from '../encoded.ts';
import type { Init } from '../message.ts';
import { compare } from '../model/host-match.ts';
import type { DestinationContext } from '../routes/destination.ts';
import { isAddressedTo, type Reader } from '../routes/reader.ts';
import type { ResolvedRule } from '../routes/resolved-rule.ts';
import { ruleRoutes } from '../routes/rule-routes.ts';
import type { Server } from './served-gateways.ts';
import { commonHosts, parseServerHost } from './server-hosts.ts';

type Route = Init<typeof RouteSchema>;

/** With its full host names. */
export interface BoundRule {
  readonly rule: ResolvedRule;
  readonly hosts: readonly string[];
}

export interface GatewayRouteScope {
  readonly context: DestinationContext;
  /** The VirtualServices that name a Gateway, oldest first: there are many of both, and few of these. */
  readonly rulesOf: (gateway: string) => readonly BoundRule[];
  /** The reader's gateways are replaced by those of each server. */
  readonly reader: Reader;
}

interface Draft {
  readonly routes: Route[];
  /** Rules that were heard: one that is bound to two servers of a host speaks once. */
  readonly heard: Set<ResolvedRule>;
  httpsOnly: boolean;
}

/**
 * The routes of some servers of one port. Several VirtualServices may speak of one host of a gateway: their routes
 * follow one another, the oldest first (Istio). A host without any route is known, and answers 404.
 */
export function gatewayRoutes(
  name: string,
  port: number,
  servers: readonly Server[],
  scope: GatewayRouteScope,
): Encoded {
  const hosts = new Map<string, Draft>();
  for (const server of servers) addServer(server, port, scope, hosts);
  const configuration = create(RouteConfigurationSchema, {
    name,
    virtualHosts: [...hosts.keys()].sort(compare).map((host) => virtualHost(host, port, hosts.get(host)!)),
    ignorePortInHostMatching: true,
  });
  return encode(RouteConfigurationSchema, name, configuration);
}

function addServer(
  { gateway, server }: Server,
  port: number,
  scope: GatewayRouteScope,
  hosts: Map<string, Draft>,
): void {
  const home = gateway.slice(0, gateway.indexOf('/'));
  const reader: Reader = { ...scope.reader, gateways: new Set([gateway]) };
  const httpsOnly = server.tls?.httpsRedirect === true;
  const draftOf = (host: string): Draft => {
    const draft = hosts.get(host) ?? { routes: [], heard: new Set(), httpsOnly: false };
    hosts.set(host, draft);
    return draft;
  };
  for (const { rule, hosts: names } of scope.rulesOf(gateway)) {
    if (!isAddressedTo(rule.rule, rule.gateways, reader)) continue;
    const { namespace = 'default' } = rule.rule.metadata;
    for (const host of commonHosts(server.hosts, home, { namespace, hosts: names })) {
      const draft = draftOf(host);
      draft.httpsOnly ||= httpsOnly;
      if (draft.heard.has(rule)) continue;
      draft.heard.add(rule);
      draft.routes.push(...ruleRoutes(rule, port, scope.context, reader));
    }
  }
  if (!httpsOnly) return;
  for (const text of server.hosts) draftOf(parseServerHost(text, home).host).httpsOnly = true;
}

function virtualHost(host: string, port: number, { routes, httpsOnly }: Draft): VirtualHost {
  return create(VirtualHostSchema, {
    name: `${host}:${port}`,
    domains: [host],
    routes,
    includeRequestAttemptCount: true,
    ...(httpsOnly ? { requireTls: TlsRequirement.ALL } : {}),
  });
}

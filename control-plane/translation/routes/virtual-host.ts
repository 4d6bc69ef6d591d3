import { create } from '@bufbuild/protobuf';
import {
  type RouteSchema,
  type VirtualHost,
  VirtualHostSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { outboundCluster, PASSTHROUGH_CLUSTER } from '#api/xds/names.ts';
import type { Init } from '../message.ts';
import { type DestinationContext, destinationHash } from './destination.ts';
import { isAddressedTo, type Reader } from './reader.ts';
import type { ResolvedRule } from './resolved-rule.ts';
import { passthroughAction, plainAction } from './route-action.ts';
import { MATCH_ALL } from './route-match.ts';
import { ruleRoutes } from './rule-routes.ts';

type Route = Init<typeof RouteSchema>;

/** The routes of one host and port: those of the rule that speaks for it, or one to the service itself. */
export function virtualHost(
  host: string,
  port: number,
  domains: readonly string[],
  rules: readonly ResolvedRule[],
  context: DestinationContext,
  reader: Reader,
): VirtualHost {
  const routes = spokenRoutes(rules, port, context, reader) ?? [defaultRoute(host, port, context, reader)];
  return hostOf(host, port, domains, routes, reader);
}

/** Undefined when no rule says anything about the host to this reader. */
export function foreignVirtualHost(
  host: string,
  port: number,
  rules: readonly ResolvedRule[],
  context: DestinationContext,
  reader: Reader,
): VirtualHost | undefined {
  const routes = spokenRoutes(rules, port, context, reader);
  return routes && hostOf(host, port, [host, `${host}:${port}`], routes, reader);
}

/** Whoever is not in the mesh is reached as addressed (Istio's ALLOW_ANY). */
export const ALLOW_ANY: VirtualHost = create(VirtualHostSchema, {
  name: 'allow_any',
  domains: ['*'],
  routes: [
    {
      name: 'allow_any',
      match: MATCH_ALL,
      action: { case: 'route', value: passthroughAction(PASSTHROUGH_CLUSTER) },
    },
  ],
  includeRequestAttemptCount: true,
});

const BLOCKED_REASON =
  'no service that this workload may see has this name, and others are not reached (REGISTRY_ONLY)';
const BLOCKED = { specifier: { case: 'inlineString' as const, value: `${BLOCKED_REASON}\n` } };

/** Whoever is not in the mesh is not reached (Istio's REGISTRY_ONLY). */
export const BLOCK_ALL: VirtualHost = create(VirtualHostSchema, {
  name: 'block_all',
  domains: ['*'],
  routes: [
    {
      name: 'block_all',
      match: MATCH_ALL,
      action: { case: 'directResponse', value: { status: 502, body: BLOCKED } },
      responseHeadersToAdd: [{ header: { key: 'x-weft-reason', value: `NR; ${BLOCKED_REASON}` } }],
    },
  ],
  includeRequestAttemptCount: true,
});

function hostOf(
  host: string,
  port: number,
  domains: readonly string[],
  routes: Route[],
  reader: Reader,
): VirtualHost {
  return create(VirtualHostSchema, {
    name: `${host}:${port}`,
    domains: [...domains],
    routes,
    ...(reader.kind === 'proxy' ? { includeRequestAttemptCount: true } : {}),
  });
}

/** The first rule that the reader is meant by and that has a route for it. */
function spokenRoutes(
  rules: readonly ResolvedRule[],
  port: number,
  context: DestinationContext,
  reader: Reader,
): Route[] | undefined {
  for (const rule of rules) {
    if (!isAddressedTo(rule.rule, rule.gateways, reader)) continue;
    const routes = ruleRoutes(rule, port, context, reader);
    if (routes.length > 0) return routes;
  }
  return undefined;
}

function defaultRoute(host: string, port: number, context: DestinationContext, reader: Reader): Route {
  const hash = destinationHash({ host, port: { number: port } }, port, context, reader);
  const cluster = outboundCluster(port, '', host);
  return {
    name: 'default',
    match: MATCH_ALL,
    action: { case: 'route', value: plainAction(cluster, hash, reader) },
  };
}

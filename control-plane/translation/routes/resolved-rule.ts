/**
 * A VirtualService with everything filled in that depends on where it stands: full host and gateway names, and the
 * routes of the VirtualServices that it delegates to (Istio HTTPRoute.delegate).
 */
import type { Stored } from '#api/kinds/meta.ts';
import type {
  Destination,
  HttpMatch,
  HttpRoute,
  TcpRoute,
  TlsRoute,
  VirtualService,
} from '#api/kinds/virtual-service.ts';
import { ruleHost } from '#api/mesh/names.ts';
import { isExported } from '../model/export-to.ts';
import { mergeRoutes } from './delegate-merge.ts';
import { gatewayKey, MESH } from './reader.ts';

export interface ResolvedRule {
  readonly rule: Stored<VirtualService>;
  /** `mesh` and `NAMESPACE/NAME`s. */
  readonly gateways: readonly string[];
  readonly http: readonly HttpRoute[];
  readonly tcp: readonly TcpRoute[];
  readonly tls: readonly TlsRoute[];
}

export interface RuleContext {
  readonly domain: string;
  /** A VirtualService by `NAMESPACE/NAME`. */
  readonly rule: (key: string) => Stored<VirtualService> | undefined;
}

export function resolveRule(rule: Stored<VirtualService>, context: RuleContext): ResolvedRule {
  const { namespace = 'default' } = rule.metadata;
  const { gateways = [], http = [], tcp = [], tls = [] } = rule.spec;
  return {
    rule,
    gateways: gateways.length === 0 ? [MESH] : gateways.map((name) => gatewayKey(name, namespace)),
    http: http.flatMap((route) => withDelegate(route, namespace, context)),
    tcp: tcp.map((route) => inFull(route, namespace, context.domain)),
    tls: tls.map((route) => inFull(route, namespace, context.domain)) as TlsRoute[],
  };
}

/** `NAMESPACE/NAME` of the VirtualService that a route hands over to. */
export function delegateKey(route: HttpRoute, namespace: string): string | undefined {
  const { delegate } = route;
  if (delegate === undefined) return undefined;
  return `${delegate.namespace || namespace}/${delegate.name ?? ''}`;
}

/** Istio: only a VirtualService without hosts, and exported to the root's namespace, can be delegated to. */
export function findDelegate(
  key: string,
  namespace: string,
  context: Pick<RuleContext, 'rule'>,
): Stored<VirtualService> | undefined {
  const found = context.rule(key);
  if (found === undefined || (found.spec.hosts ?? []).length > 0) return undefined;
  const { namespace: home = 'default' } = found.metadata;
  return isExported(found.spec.exportTo, home, namespace) ? found : undefined;
}

function withDelegate(route: HttpRoute, namespace: string, context: RuleContext): HttpRoute[] {
  const key = delegateKey(route, namespace);
  const root = httpInFull(route, namespace, context.domain);
  if (key === undefined) return [root];
  const delegate = findDelegate(key, namespace, context);
  if (delegate === undefined) return [];
  const home = delegate.metadata.namespace ?? 'default';
  return (delegate.spec.http ?? [])
    .filter(({ delegate: deeper }) => deeper === undefined)
    .flatMap((leaf) => mergeRoutes(root, httpInFull(leaf, home, context.domain)) ?? []);
}

function httpInFull(route: HttpRoute, namespace: string, domain: string): HttpRoute {
  const { mirror, mirrors } = route;
  return {
    ...inFull(route, namespace, domain),
    ...(mirror === undefined ? {} : { mirror: fullDestination(mirror, namespace, domain) }),
    ...(mirrors === undefined ? {} : { mirrors: mirrors.map(destinationInFull(namespace, domain)) }),
  };
}

interface AnyRoute {
  readonly match?: HttpMatch[] | undefined;
  readonly route?: { destination: Destination }[] | undefined;
}

function inFull<Route extends AnyRoute>(route: Route, namespace: string, domain: string): Route {
  return {
    ...route,
    ...(route.route === undefined ? {} : { route: route.route.map(destinationInFull(namespace, domain)) }),
    ...(route.match === undefined
      ? {}
      : {
          match: route.match.map((match) =>
            match.gateways === undefined
              ? match
              : { ...match, gateways: match.gateways.map((name) => gatewayKey(name, namespace)) },
          ),
        }),
  };
}

function destinationInFull(namespace: string, domain: string) {
  return <Holder extends { destination: Destination }>(holder: Holder): Holder => ({
    ...holder,
    destination: fullDestination(holder.destination, namespace, domain),
  });
}

function fullDestination(destination: Destination, namespace: string, domain: string): Destination {
  return { ...destination, host: ruleHost(destination.host.toLowerCase(), namespace, domain) };
}

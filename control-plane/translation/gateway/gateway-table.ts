/**
 * What each gateway's pod gets, derived when somebody asks and kept until something changes that gateways depend on:
 * gateways are few, and what they serve cuts across the whole mesh.
 */
import { carries } from '#api/kinds/selectors.ts';
import { ruleHost } from '#api/mesh/names.ts';
import type { WorkloadLimits } from '#api/mesh/workload-limits.ts';
import type { Encoded } from '../encoded.ts';
import { credentialsIn } from '../model/credentials.ts';
import { byAge, isWildcard } from '../model/host-match.ts';
import type { PodFacts } from '../model/pod-facts.ts';
import { resolveRule } from '../routes/resolved-rule.ts';
import type { World } from '../world.ts';
import {
  type GatewayListenerScope,
  gatewayListener,
  httpRoutesName,
  httpsRoutesName,
} from './gateway-listeners.ts';
import { type BoundRule, gatewayRoutes } from './gateway-routes.ts';
import { gatewaysFor, layerOf, type ServedPort, servedPorts } from './served-gateways.ts';

export interface GatewayResources {
  readonly listeners: ReadonlyMap<string, Encoded>;
  readonly routes: ReadonlyMap<string, Encoded>;
  /** By the name of a listener or of routes: the keys of the Gateways that ask for them. */
  readonly gateways: ReadonlyMap<string, readonly string[]>;
}

const NOTHING: GatewayResources = { listeners: new Map(), routes: new Map(), gateways: new Map() };

export class GatewayTable {
  readonly #world: World;
  readonly #known = new Map<string, { limits: WorkloadLimits | undefined; resources: GatewayResources }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Something changed that gateways depend on. */
  forget(): void {
    this.#known.clear();
  }

  get(podKey: string): GatewayResources {
    const pod = this.#world.inputs.pods.get(podKey);
    const limits = pod?.limits;
    const known = this.#known.get(podKey);
    if (known !== undefined && known.limits === limits) return known.resources;
    const resources = pod === undefined ? NOTHING : deriveGateway(this.#world, pod);
    this.#known.set(podKey, { limits, resources });
    return resources;
  }
}

function deriveGateway(world: World, pod: PodFacts): GatewayResources {
  const scope = scopeOf(world, pod);
  const listeners = new Map<string, Encoded>();
  const routes = new Map<string, Encoded>();
  const gateways = new Map<string, readonly string[]>();
  for (const served of servedPorts(gatewaysFor(pod.labels, world.inputs.gateways.values()))) {
    const listener = gatewayListener(served, boundPort(world, pod, served.number), scope);
    if (listener === undefined) continue;
    listeners.set(listener.name, listener);
    gateways.set(listener.name, askingFor(listener.name, served));
    for (const table of routesOf(served, scope)) {
      routes.set(table.name, table);
      gateways.set(table.name, askingFor(table.name, served));
    }
  }
  return { listeners, routes, gateways };
}

/** Routes of one server are one Gateway's; what else a port has is everybody's who asks for it. */
function askingFor(resource: string, { number, servers }: ServedPort): string[] {
  const own = servers.filter((server) => httpsRoutesName(number, server) === resource);
  return [...new Set((own.length > 0 ? own : servers).map(({ gateway }) => gateway))];
}

function scopeOf(world: World, pod: PodFacts): GatewayListenerScope {
  const { inputs } = world;
  const { namespace, labels } = pod;
  const context = {
    domain: inputs.options.clusterDomain,
    rule: (key: string) => inputs.virtualServices.get(key),
  };
  const rules = new Map<string, BoundRule[]>();
  for (const rule of [...inputs.virtualServices.rules()].sort(byAge)) {
    const hosts = (rule.spec.hosts ?? []).map((host) =>
      fullHost(host, rule.metadata.namespace, context.domain),
    );
    const bound = { rule: resolveRule(rule, context), hosts };
    for (const gateway of new Set(bound.rule.gateways)) {
      const others = rules.get(gateway);
      if (others === undefined) rules.set(gateway, [bound]);
      else others.push(bound);
    }
  }
  return {
    context: world.destinations,
    rulesOf: (gateway) => rules.get(gateway) ?? [],
    reader: { kind: 'proxy', namespace, labels, gateways: new Set(), secure: false },
    credentials: credentialsIn(namespace, inputs.secrets),
    limits: pod.limits.connections,
  };
}

function fullHost(host: string, namespace = 'default', domain: string): string {
  const lower = host.toLowerCase();
  return isWildcard(lower) ? lower : ruleHost(lower, namespace, domain);
}

function routesOf(served: ServedPort, scope: GatewayListenerScope): Encoded[] {
  const { number, layer, servers } = served;
  if (layer === 'http') return [gatewayRoutes(httpRoutesName(number), number, servers, scope)];
  const secure = { ...scope, reader: { ...scope.reader, secure: true } };
  return servers
    .filter(({ server }) => layerOf(server) === 'https')
    .map((server) => gatewayRoutes(httpsRoutesName(number, server), number, [server], secure));
}

/** Istio: a Gateway names the port of the Service in front of the gateway; the proxy binds where that leads. */
function boundPort(world: World, pod: PodFacts, number: number): number {
  const services = world.inputs
    .servicesIn(pod.namespace)
    .filter(({ selector }) => selector !== undefined && carries(pod.labels, selector));
  for (const { ports } of services) {
    const target = ports.find((port) => port.number === number)?.targetPort;
    if (typeof target === 'number') return target;
  }
  return number;
}

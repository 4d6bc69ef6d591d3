/**
 * Lays over a finished listener how its traffic is seen. Listeners are made without it and shared by all who see the
 * mesh alike; how they are observed differs by workload and is the same for every one of its listeners, so that it is
 * laid over last, once for each pair that occurs. Without anything to lay over, listeners stay what they are.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyIs, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { type AccessLog, AccessLogSchema } from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import {
  type Filter,
  type FilterChain,
  FilterSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { type Listener, ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import {
  type HttpConnectionManager_Tracing,
  HttpConnectionManager_TracingSchema,
  HttpConnectionManagerSchema,
  type HttpFilter,
  HttpFilterSchema,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { type Encoded, encodedBytes } from '../encoded.ts';
import { accessLogMessage } from './access-log-message.ts';
import type { SidePlan } from './observation.ts';
import { STATS_FILTER, statsMessage } from './stats-message.ts';
import { tracingMessage } from './tracing-message.ts';

/** How one side of a workload is seen. The same plan is the same object. */
export class Side {
  /** Equal for equal plans. */
  readonly key: string;
  readonly #tracing: HttpConnectionManager_Tracing | undefined;
  readonly #accessLogs: AccessLog[];
  /** Before the router, and before a TCP proxy. */
  readonly #httpStats: readonly HttpFilter[];
  readonly #opaqueStats: readonly Filter[];
  readonly #known = new WeakMap<Encoded, Encoded>();
  readonly #opaque: Side | undefined;

  /** `opaque`: of the same plan without tracing, for listeners without HTTP; undefined when nothing is left of it. */
  constructor(plan: SidePlan, key: string, opaque?: Side) {
    this.key = key;
    this.#opaque = opaque;
    this.#tracing = plan.tracing && create(HttpConnectionManager_TracingSchema, tracingMessage(plan.tracing));
    this.#accessLogs = plan.accessLogs.map((log) => create(AccessLogSchema, accessLogMessage(log)));
    const stats = plan.metrics.length === 0 ? [] : [statsFilter(plan)];
    this.#httpStats = stats.map((filter) => create(HttpFilterSchema, filter));
    this.#opaqueStats = stats.map((filter) => create(FilterSchema, filter));
  }

  lay(listener: Encoded): Encoded {
    const known = this.#known.get(listener);
    if (known !== undefined) return known;
    if (this.#tracing !== undefined && !speaksHttp(listener)) return this.#opaque?.lay(listener) ?? listener;
    const message = fromBinary(ListenerSchema, listener.bytes);
    for (const chain of chainsOf(message)) this.#observe(chain);
    const laid = encodedBytes(listener.name, toBinary(ListenerSchema, message));
    this.#known.set(listener, laid);
    return laid;
  }

  #observe(chain: FilterChain): void {
    chain.filters = chain.filters.flatMap((filter) => {
      const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
      if (config === undefined) return [filter];
      if (anyIs(config, HttpConnectionManagerSchema)) return [withConfig(filter, this.#http(config))];
      return anyIs(config, TcpProxySchema)
        ? [...this.#opaqueStats, withConfig(filter, this.#tcp(config))]
        : [filter];
    });
  }

  #http(config: Any): Any {
    const manager = anyUnpack(config, HttpConnectionManagerSchema)!;
    if (this.#tracing !== undefined) manager.tracing = this.#tracing;
    manager.accessLog = this.#accessLogs;
    manager.httpFilters.splice(-1, 0, ...this.#httpStats);
    return anyPack(HttpConnectionManagerSchema, manager);
  }

  #tcp(config: Any): Any {
    const proxy = anyUnpack(config, TcpProxySchema)!;
    proxy.accessLog = this.#accessLogs;
    return anyPack(TcpProxySchema, proxy);
  }
}

function statsFilter({ metrics, atServer }: SidePlan) {
  const configType = { case: 'typedConfig' as const, value: statsMessage(metrics, atServer) };
  return { name: STATS_FILTER, configType };
}

function chainsOf({ filterChains, defaultFilterChain }: Listener): FilterChain[] {
  return defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
}

const HTTP = new WeakMap<Encoded, boolean>();

/** Spans name the workload, so that what is traced is nobody else's: connections are not, and their listeners stay shared. */
function speaksHttp(listener: Encoded): boolean {
  const known = HTTP.get(listener);
  if (known !== undefined) return known;
  const found = chainsOf(fromBinary(ListenerSchema, listener.bytes)).some(({ filters }) =>
    filters.some(
      ({ configType: { case: kind, value } }) =>
        kind === 'typedConfig' && anyIs(value, HttpConnectionManagerSchema),
    ),
  );
  HTTP.set(listener, found);
  return found;
}

function withConfig(filter: Filter, value: Any): Filter {
  filter.configType = { case: 'typedConfig', value };
  return filter;
}

/** Nothing is different from what proxies do without being told. */
export function isPlain({ tracing, accessLogs, metrics }: SidePlan): boolean {
  return tracing === undefined && accessLogs.length === 0 && metrics.length === 0;
}

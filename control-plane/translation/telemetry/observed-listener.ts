/**
 * Lays over a finished listener how its traffic is seen. Listeners are made without it and shared by all who see the
 * mesh alike; how they are observed differs by workload and is the same for every one of its listeners, so that it is
 * laid over last, once for each pair that occurs. Without anything to lay over, listeners stay what they are.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyIs, anyUnpack } from '@bufbuild/protobuf/wkt';
import { AccessLogSchema } from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import {
  type Filter,
  type FilterChain,
  FilterSchema,
} from '#api/xds/gen/envoy/config/listener/v3/listener_components_pb.js';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import {
  HttpConnectionManager_TracingSchema,
  HttpConnectionManagerSchema,
  HttpFilterSchema,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '#api/xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { type Encoded, encodedBytes } from '../encoded.ts';
import { pack } from '../message.ts';
import { accessLogMessage } from './access-log-message.ts';
import type { SidePlan } from './observation.ts';
import { STATS_FILTER, statsMessage } from './stats-message.ts';
import { tracingMessage } from './tracing-message.ts';

/** How one side of a workload is seen. The same plan is the same object. */
export class Side {
  /** Equal for equal plans. */
  readonly key: string;
  readonly #tracing: ReturnType<typeof tracingMessage> | undefined;
  readonly #accessLogs: ReturnType<typeof accessLogMessage>[];
  readonly #stats: Any | undefined;
  readonly #known = new WeakMap<Encoded, Encoded>();

  constructor(plan: SidePlan, key: string) {
    this.key = key;
    this.#tracing = plan.tracing && tracingMessage(plan.tracing);
    this.#accessLogs = plan.accessLogs.map(accessLogMessage);
    this.#stats = plan.metrics.length === 0 ? undefined : statsMessage(plan.metrics, plan.atServer);
  }

  lay(listener: Encoded): Encoded {
    const known = this.#known.get(listener);
    if (known !== undefined) return known;
    const message = fromBinary(ListenerSchema, listener.bytes);
    const chains = [
      ...message.filterChains,
      ...(message.defaultFilterChain ? [message.defaultFilterChain] : []),
    ];
    for (const chain of chains) this.#observe(chain);
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
        ? [...this.#statsOfTcp(), withConfig(filter, this.#tcp(config))]
        : [filter];
    });
  }

  #http(config: Any): Any {
    const manager = anyUnpack(config, HttpConnectionManagerSchema)!;
    if (this.#tracing !== undefined)
      manager.tracing = create(HttpConnectionManager_TracingSchema, this.#tracing);
    manager.accessLog = this.#logs();
    if (this.#stats !== undefined) {
      const configType = { case: 'typedConfig' as const, value: this.#stats };
      const filter = create(HttpFilterSchema, { name: STATS_FILTER, configType });
      manager.httpFilters.splice(-1, 0, filter);
    }
    return pack(HttpConnectionManagerSchema, manager);
  }

  #tcp(config: Any): Any {
    const proxy = anyUnpack(config, TcpProxySchema)!;
    proxy.accessLog = this.#logs();
    return pack(TcpProxySchema, proxy);
  }

  #statsOfTcp(): Filter[] {
    if (this.#stats === undefined) return [];
    const configType = { case: 'typedConfig' as const, value: this.#stats };
    return [create(FilterSchema, { name: STATS_FILTER, configType })];
  }

  #logs() {
    return this.#accessLogs.map((log) => create(AccessLogSchema, log));
  }
}

function withConfig(filter: Filter, value: Any): Filter {
  filter.configType = { case: 'typedConfig', value };
  return filter;
}

/** Nothing is different from what proxies do without being told. */
export function isPlain({ tracing, accessLogs, metrics }: SidePlan): boolean {
  return tracing === undefined && accessLogs.length === 0 && metrics.length === 0;
}

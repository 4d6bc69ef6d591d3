import { CorsSchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import type { HttpFilterSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { type Init, pack } from '../message.ts';

export type HttpFilter = Init<typeof HttpFilterSchema>;

/** The names under which routes configure the filters. */
export const CORS_FILTER = 'envoy.filters.http.cors';
export const FAULT_FILTER = 'envoy.filters.http.fault';

export const ROUTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  configType: { case: 'typedConfig', value: pack(RouterSchema, {}) },
};

/** For requests that are routed: Istio's order. CORS and faults do nothing but where a route says so. */
export const OUTBOUND_FILTERS: readonly HttpFilter[] = [
  { name: CORS_FILTER, configType: { case: 'typedConfig', value: pack(CorsSchema, {}) } },
  { name: FAULT_FILTER, configType: { case: 'typedConfig', value: pack(HTTPFaultSchema, {}) } },
  ROUTER,
];

import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt';
import { FilterConfigSchema } from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { CorsPolicySchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import { compileCors } from './compile-cors.ts';
import { compileFault } from './compile-fault.ts';
import type { CorsPolicy, Fault } from './route-table.ts';

/** What the HTTP filters before the router do. A key that is there but undefined switches a wider scope's filter off. */
export interface RouteFilters {
  readonly fault?: Fault | undefined;
  readonly cors?: CorsPolicy | undefined;
}

type Compile = (config: Any | undefined, place: Place) => RouteFilters;

const FILTERS: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['envoy.filters.http.fault', (config, place) => ({ fault: faultOf(config, place) })],
  ['envoy.filters.http.cors', (config, place) => ({ cors: corsOf(config, place) })],
]);

/** Compiles the `typed_per_filter_config` of the message at `place`. */
export function compileRouteFilters(configs: Readonly<Record<string, Any>>, place: Place): RouteFilters {
  let filters: RouteFilters = {};
  for (const [name, config] of Object.entries(configs)) {
    filters = { ...filters, ...compileFilter(name, config, place.in(`typed_per_filter_config["${name}"]`)) };
  }
  return filters;
}

/** A FilterConfig around the configuration may switch the filter off, or say that nobody needs to know it. */
function compileFilter(name: string, config: Any, place: Place): RouteFilters {
  const wrapper = anyUnpack(config, FilterConfigSchema);
  const compile = FILTERS.get(name);
  if (compile === undefined) {
    if (wrapper?.isOptional !== true) place.refuse('not supported');
    return {};
  }
  if (wrapper === undefined) return compile(config, place);
  place.allow(FilterConfigSchema, wrapper, new Set(['config', 'is_optional', 'disabled']));
  if (wrapper.disabled) return compile(undefined, place);
  if (wrapper.config === undefined) place.in('config').refuse('is required');
  return compile(wrapper.config, place.in('config'));
}

function faultOf(config: Any | undefined, place: Place): Fault | undefined {
  if (config === undefined) return undefined;
  const fault = anyUnpack(config, HTTPFaultSchema);
  if (fault !== undefined) return compileFault(fault, place);
  place.refuse(`${config.typeUrl} is not supported`);
  return undefined;
}

function corsOf(config: Any | undefined, place: Place): CorsPolicy | undefined {
  if (config === undefined) return undefined;
  const policy = anyUnpack(config, CorsPolicySchema);
  if (policy !== undefined) return compileCors(policy, place);
  place.refuse(`${config.typeUrl} is not supported`);
  return undefined;
}

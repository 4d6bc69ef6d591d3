import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { CorsSchema } from '#api/xds/gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { HTTPFaultSchema } from '#api/xds/gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import type { HttpFilter } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { Place } from './refusals.ts';

/**
 * The filters whose work the data path knows how to do. Each does what the routes say (`typed_per_filter_config`), so
 * that all must be empty here; a list without them still gets what its routes say.
 */
const FILTERS = new Map<string, DescMessage>(
  [CorsSchema, HTTPFaultSchema, RouterSchema].map((schema) => [
    `type.googleapis.com/${schema.typeName}`,
    schema,
  ]),
);

/** Envoy's order is part of the contract: the router ends the list. */
export function acceptHttpFilters(filters: readonly HttpFilter[], place: Place): void {
  filters.forEach((filter, i) => {
    const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
    const schema = FILTERS.get(config?.typeUrl ?? '');
    if (config === undefined || schema === undefined) {
      place.refuse(`${filter.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
      return;
    }
    place.in(filter.name).allow(schema, fromBinary(schema, config.value), new Set());
    const isLast = i === filters.length - 1;
    if ((schema === RouterSchema) !== isLast) {
      place.refuse(isLast ? 'the router must be the last filter' : 'nothing may follow the router');
    }
  });
}

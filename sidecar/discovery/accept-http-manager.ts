import {
  HttpConnectionManager_CodecType as CodecType,
  type HttpConnectionManager,
  HttpConnectionManager_UpgradeConfigSchema,
  HttpConnectionManagerSchema,
} from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { RouteContext } from '#sidecar/routing/compile-action.ts';
import { compileRouteTable } from '#sidecar/routing/compile-route-table.ts';
import { acceptAccessLogs } from './accept-access-logs.ts';
import { acceptConfigSource } from './accept-config-source.ts';
import { acceptHttpFilters } from './accept-http-filters.ts';
import { acceptServerLimits, LIMIT_FIELDS } from './accept-server-limits.ts';
import { acceptTracing } from './accept-tracing.ts';
import type { HttpSpec, RouteSource } from './listener-spec.ts';
import { observationOf } from './observation-of.ts';
import type { Place } from './refusals.ts';

const SUPPORTED = new Set<string>([
  'codec_type',
  'stat_prefix',
  'rds',
  'route_config',
  'http_filters',
  'use_remote_address',
  'upgrade_configs',
  'tracing',
  'access_log',
  'preserve_external_request_id',
  ...LIMIT_FIELDS,
]);

export function acceptHttpManager(
  manager: HttpConnectionManager,
  context: RouteContext,
  place: Place,
): HttpSpec | undefined {
  place.allow(HttpConnectionManagerSchema, manager, SUPPORTED);
  if (manager.codecType !== CodecType.AUTO && manager.codecType !== CodecType.HTTP1) {
    place.in('codec_type').refuse(`${CodecType[manager.codecType]} is not supported`);
  }
  for (const upgrade of manager.upgradeConfigs) {
    const supported = new Set(['upgrade_type', 'enabled']);
    place.in('upgrade_configs').allow(HttpConnectionManager_UpgradeConfigSchema, upgrade, supported);
  }
  const { maxBodyBytes, stats, ...filters } = acceptHttpFilters(
    manager.httpFilters,
    place.in('http_filters'),
  );
  const limits = acceptServerLimits(manager, maxBodyBytes, place);
  const observation = observationOf({
    tracing: acceptTracing(manager, place.in('tracing')),
    accessLogs: acceptAccessLogs(manager.accessLog, place),
    stats,
  });
  const routes = acceptRouteSource(manager, context, place);
  if (routes === undefined) return undefined;
  return {
    routes,
    edge: manager.useRemoteAddress === true,
    preserveRequestId: manager.preserveExternalRequestId,
    limits,
    observation,
    ...filters,
  };
}

function acceptRouteSource(
  manager: HttpConnectionManager,
  context: RouteContext,
  place: Place,
): RouteSource | undefined {
  const source = manager.routeSpecifier;
  if (source.case === 'rds') {
    const here = place.in('rds');
    acceptConfigSource(source.value.configSource, here.in('config_source'));
    if (source.value.routeConfigName === '') here.in('route_config_name').refuse('must not be empty');
    return { kind: 'rds', name: source.value.routeConfigName };
  }
  if (source.case === 'routeConfig') {
    return { kind: 'inline', table: compileRouteTable(source.value, context, place.in('route_config')) };
  }
  if (source.case === undefined) place.refuse('names no routes');
  return undefined;
}

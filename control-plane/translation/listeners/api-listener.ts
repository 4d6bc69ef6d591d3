import { create } from '@bufbuild/protobuf';
import { ListenerSchema } from '#api/xds/gen/envoy/config/listener/v3/listener_pb.js';
import { HttpConnectionManagerSchema } from '#api/xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { OVER_ADS } from '../config-source.ts';
import { type Encoded, encode } from '../encoded.ts';
import { pack } from '../message.ts';
import { ROUTER } from './http-filters.ts';

/** The listener that a gRPC client without a sidecar asks for: named as its target, which may be a short name. */
export function apiListener(name: string, routes: string): Encoded {
  const listener = create(ListenerSchema, {
    name,
    apiListener: {
      apiListener: pack(HttpConnectionManagerSchema, {
        routeSpecifier: { case: 'rds', value: { configSource: OVER_ADS, routeConfigName: routes } },
        httpFilters: [ROUTER],
      }),
    },
  });
  return encode(ListenerSchema, name, listener);
}

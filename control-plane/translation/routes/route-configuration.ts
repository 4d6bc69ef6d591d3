/**
 * A route configuration names every HTTP service of one port, and changes whenever one of them does. So each
 * virtual host is encoded once and the configuration is put together from their bytes: in protobuf, a message
 * whose repeated field is appended is the message with the longer list.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type VirtualHost,
  VirtualHostSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '#api/xds/gen/envoy/config/route/v3/route_pb.js';
import { type Encoded, encodedBytes } from '../encoded.ts';

export interface EncodedVirtualHost {
  readonly host: VirtualHost;
  readonly bytes: Uint8Array;
}

const VIRTUAL_HOSTS = RouteConfigurationSchema.field.virtualHosts.number;

export function encodeVirtualHost(host: VirtualHost): EncodedVirtualHost {
  return { host, bytes: toBinary(VirtualHostSchema, host) };
}

/** Envoy refuses a configuration that says a domain twice: the first virtual host keeps it. */
export function routeConfiguration(name: string, hosts: Iterable<EncodedVirtualHost>): Encoded {
  const taken = new Set<string>();
  const writer = new BinaryWriter();
  writer.raw(toBinary(RouteConfigurationSchema, create(RouteConfigurationSchema, { name })));
  for (const host of hosts) {
    const own = withoutTaken(host, taken);
    if (own !== undefined) writer.tag(VIRTUAL_HOSTS, WireType.LengthDelimited).bytes(own.bytes);
  }
  return encodedBytes(name, writer.finish());
}

function withoutTaken(entry: EncodedVirtualHost, taken: Set<string>): EncodedVirtualHost | undefined {
  const free = entry.host.domains.filter((domain) => !taken.has(domain));
  for (const domain of free) taken.add(domain);
  if (free.length === entry.host.domains.length) return entry;
  return free.length === 0 ? undefined : encodeVirtualHost({ ...entry.host, domains: free });
}

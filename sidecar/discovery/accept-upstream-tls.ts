import { messageOf } from '#api/foundation/errors.ts';
import type { TransportSocket } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { RawBufferSchema } from '#api/xds/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';
import {
  type UpstreamTlsContext,
  UpstreamTlsContextSchema,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { contextOf } from '#sidecar/security/upstream-tls.ts';
import type { UpstreamTls } from '#sidecar/upstream/cluster.ts';
import type { ReadFile } from './accept-data-source.ts';
import { acceptTlsContext, describeSocket, SYSTEM_AUTHORITIES } from './accept-tls-context.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** The transport socket of a cluster: plain, or TLS that begins here. */
export function acceptUpstreamTls(
  socket: TransportSocket | undefined,
  readFile: ReadFile,
  place: Place,
): UpstreamTls | undefined {
  const config = socket?.configType.case === 'typedConfig' ? socket.configType.value : undefined;
  if (socket === undefined || unpack(config, RawBufferSchema) !== undefined) return undefined;
  const context = unpack(config, UpstreamTlsContextSchema);
  if (context !== undefined) return acceptContext(context, readFile, place);
  place.refuse(`${describeSocket(socket)} is not supported`);
  return undefined;
}

function acceptContext(upstream: UpstreamTlsContext, readFile: ReadFile, place: Place): UpstreamTls {
  place.allow(UpstreamTlsContextSchema, upstream, new Set(['sni', 'common_tls_context']));
  const here = place.in('common_tls_context');
  const common = upstream.commonTlsContext;
  const context = common === undefined ? undefined : acceptTlsContext(common, readFile, here);
  const [certificate, ...more] = context?.certificates ?? [];
  if (more.length > 0) here.in('tls_certificates').refuse('only one is supported');
  if ((context?.ciphers.length ?? 0) > 0) here.in('tls_params.cipher_suites').refuse('not supported');
  if (context !== undefined && (context.minVersion !== 'TLSv1.2' || context.maxVersion !== 'TLSv1.3')) {
    here.in('tls_params').refuse('only TLS 1.2 to 1.3 is supported');
  }
  const tls: UpstreamTls = {
    sni: upstream.sni,
    alpn: context?.alpn ?? [],
    ca: authoritiesOf(context?.validation?.authorities),
    certificate,
    subjectAltNames: context?.validation?.subjectAltNames ?? [],
  };
  try {
    contextOf(tls);
  } catch (error) {
    here.refuse(`cannot be used: ${messageOf(error)}`);
  }
  return tls;
}

/** As in Envoy, without an authority to trust nothing is verified. */
function authoritiesOf(authorities: string | undefined): string | undefined {
  if (authorities === undefined) return '';
  return authorities === SYSTEM_AUTHORITIES ? undefined : authorities;
}

import { messageOf } from '#api/foundation/errors.ts';
import type { TransportSocket } from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import { RawBufferSchema } from '#api/xds/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';
import {
  type DownstreamTlsContext,
  DownstreamTlsContextSchema,
} from '#api/xds/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { DownstreamTls } from '#sidecar/security/downstream-tls.ts';
import type { ReadFile } from './accept-data-source.ts';
import {
  acceptTlsContext,
  describeSocket,
  SYSTEM_AUTHORITIES,
  type TlsContext,
} from './accept-tls-context.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** What the chain is for that a transport socket is read of. */
export interface TlsChain {
  readonly readFile: ReadFile;
  /** What comes within TLS is nobody's business, and so is what protocol it is. */
  readonly opaque: boolean;
}

/** The transport socket of a filter chain: plain, or TLS that ends here. */
export function acceptDownstreamTls(
  socket: TransportSocket,
  chain: TlsChain,
  place: Place,
): DownstreamTls | undefined {
  const config = socket.configType.case === 'typedConfig' ? socket.configType.value : undefined;
  if (unpack(config, RawBufferSchema) !== undefined) return undefined;
  const context = unpack(config, DownstreamTlsContextSchema);
  if (context !== undefined) return acceptContext(context, chain, place);
  place.refuse(`${describeSocket(socket)} is not supported`);
  return undefined;
}

function acceptContext(
  downstream: DownstreamTlsContext,
  { readFile, opaque }: TlsChain,
  place: Place,
): DownstreamTls | undefined {
  place.allow(
    DownstreamTlsContextSchema,
    downstream,
    new Set(['common_tls_context', 'require_client_certificate']),
  );
  if (downstream.commonTlsContext === undefined) {
    place.in('common_tls_context').refuse('is required');
    return undefined;
  }
  const here = place.in('common_tls_context');
  const context = acceptTlsContext(downstream.commonTlsContext, readFile, here);
  const [certificate, ...more] = context.certificates;
  if (certificate === undefined) here.in('tls_certificates').refuse('must not be empty');
  if (more.length > 0) here.in('tls_certificates').refuse('only one is supported');
  const wantsClients = downstream.requireClientCertificate === true;
  if (wantsClients && context.validation === undefined) {
    here.in('validation_context').refuse('is required where clients must have a certificate');
  }
  if (certificate === undefined || certificate.chain === '' || certificate.key === '') return undefined;
  const alpn = opaque ? [] : context.alpn;
  return build(certificate, wantsClients, { ...context, alpn }, here);
}

/** As in Envoy a client that offers other protocols than an opaque chain names is welcome; Node would turn it away. */
function build(
  certificate: { readonly chain: string; readonly key: string },
  wantsClients: boolean,
  { validation, alpn, minVersion, maxVersion, ciphers }: TlsContext,
  place: Place,
): DownstreamTls | undefined {
  const authorities = validation?.authorities;
  const clients =
    wantsClients && validation !== undefined
      ? {
          authorities: authorities === SYSTEM_AUTHORITIES ? undefined : authorities,
          subjectAltNames: validation.subjectAltNames,
        }
      : undefined;
  try {
    return new DownstreamTls({ certificate, clients, alpn, minVersion, maxVersion, ciphers });
  } catch (error) {
    place.refuse(`cannot be used: ${messageOf(error)}`);
    return undefined;
  }
}

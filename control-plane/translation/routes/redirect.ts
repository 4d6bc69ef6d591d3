import { base64Decode } from '@bufbuild/protobuf/wire';
import type { HttpDirectResponse, HttpRedirect } from '#api/kinds/virtual-service.ts';
import {
  RedirectAction_RedirectResponseCode as Code,
  type DirectResponseActionSchema,
  type RedirectActionSchema,
} from '#api/xds/gen/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../message.ts';

type RedirectAction = Init<typeof RedirectActionSchema>;
type DirectResponseAction = Init<typeof DirectResponseActionSchema>;

/** The codes that Envoy knows, which are those with a `location`. */
const CODES: Readonly<Record<number, Code>> = {
  301: Code.MOVED_PERMANENTLY,
  302: Code.FOUND,
  303: Code.SEE_OTHER,
  307: Code.TEMPORARY_REDIRECT,
  308: Code.PERMANENT_REDIRECT,
};

/** Istio HTTPRedirect; 301 unless said. `port` is the one that the request came to, `secure` whether over TLS. */
export function redirectAction(redirect: HttpRedirect, port: number, secure: boolean): RedirectAction {
  const { uri = '', authority = '', scheme = '', redirectCode = 301 } = redirect;
  const portRedirect = redirectPort(redirect, port, scheme === '' ? (secure ? 'https' : 'http') : scheme);
  return {
    hostRedirect: authority,
    ...(uri === '' ? {} : { pathRewriteSpecifier: { case: 'pathRedirect' as const, value: uri } }),
    ...(scheme === '' ? {} : { schemeRewriteSpecifier: { case: 'schemeRedirect' as const, value: scheme } }),
    ...(portRedirect === undefined ? {} : { portRedirect }),
    responseCode: CODES[redirectCode] ?? Code.MOVED_PERMANENTLY,
  };
}

/** A scheme's own port is not said. */
function redirectPort(redirect: HttpRedirect, requestPort: number, scheme: string): number | undefined {
  const port = redirect.derivePort === 'FROM_REQUEST_PORT' ? requestPort : redirect.port;
  return port === (scheme === 'https' ? 443 : 80) ? undefined : port;
}

/** Istio HTTPDirectResponse. */
export function directResponseAction({ status, body }: HttpDirectResponse): DirectResponseAction {
  if (body === undefined) return { status };
  const specifier =
    'string' in body
      ? { case: 'inlineString' as const, value: body.string }
      : { case: 'inlineBytes' as const, value: base64Decode(body.bytes) };
  return { status, body: { specifier } };
}

/**
 * What a rule may write into a message's head. It is checked when the rule is compiled, so that the codec can write it
 * as it stands: nothing here can end a line, begin another message, or change how long this one is.
 */
import type { Place } from '#sidecar/discovery/refusals.ts';

/** Envoy's limit on the length of a header's name and value. */
const MAX_LENGTH = 16_384;

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Printable ASCII and tabs: other octets mean different things to different readers (RFC 9110, section 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e]*$/;

const PATH = /^[\x21-\x7e]*$/;

/** Host and port, IPv6 in brackets (RFC 3986, section 3.2.2). */
const AUTHORITY = /^[0-9A-Za-z._~!$&'()*+,;=%:[\]-]+$/;

/** They say where a message ends or what the connection becomes; the codec alone decides that. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Sidecars tell each other who they are with it, and take it out again. */
const PEER_METADATA = 'x-envoy-peer-metadata';

/** A header's name in lower case. */
export function acceptHeaderName(name: string, place: Place): string {
  const lower = name.toLowerCase();
  if (lower.startsWith(':')) place.refuse(`pseudo-header ${name} is not supported`);
  else if (lower.length > MAX_LENGTH || !TOKEN.test(lower)) place.refuse('must be the name of a header');
  return lower;
}

/** The name, in lower case, of a header that a rule may change. */
export function acceptEditedName(name: string, place: Place): string {
  const lower = acceptHeaderName(name, place);
  if (lower === PEER_METADATA) place.refuse(`${lower} is the sidecars' own`);
  if (FRAMING.has(lower)) place.refuse(`${lower} belongs to the framing and cannot be changed`);
  return lower;
}

export function acceptHeaderValue(value: string, place: Place): string {
  if (value.length > MAX_LENGTH) place.refuse(`must be at most ${MAX_LENGTH} characters`);
  if (!FIELD_VALUE.test(value)) place.refuse('must be printable ASCII');
  return value;
}

/** A host, perhaps with a port. */
export function acceptAuthority(authority: string, place: Place): string {
  if (authority.length > MAX_LENGTH || !AUTHORITY.test(authority)) place.refuse('must be a host');
  return authority;
}

/** A piece of a path, perhaps with a query. */
export function acceptPathText(text: string, place: Place): string {
  if (text.length > MAX_LENGTH) place.refuse(`must be at most ${MAX_LENGTH} characters`);
  if (!PATH.test(text)) place.refuse('must be printable ASCII without spaces');
  return text;
}

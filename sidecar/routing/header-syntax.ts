/**
 * What a rule may write into a message's head. It is checked when the rule is compiled, so that the codec can write it
 * as it stands: nothing here can end a line, begin another message, or change how long this one is.
 */
import { FRAMING_HEADERS, MAX_HEADER_LENGTH, PEER_METADATA_HEADER } from '#api/mesh/header-rules.ts';
import type { Place } from '#sidecar/discovery/refusals.ts';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Printable ASCII and tabs: other octets mean different things to different readers (RFC 9110, section 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e]*$/;

const PATH = /^[\x21-\x7e]*$/;

/** Host and port, IPv6 in brackets (RFC 3986, section 3.2.2). */
const AUTHORITY = /^[0-9A-Za-z._~!$&'()*+,;=%:[\]-]+$/;

/** A header's name in lower case. */
export function acceptHeaderName(name: string, place: Place): string {
  const lower = name.toLowerCase();
  if (lower.startsWith(':')) place.refuse(`pseudo-header ${name} is not supported`);
  else if (lower.length > MAX_HEADER_LENGTH || !TOKEN.test(lower))
    place.refuse('must be the name of a header');
  return lower;
}

/** The name, in lower case, of a header that a rule may change. */
export function acceptEditedName(name: string, place: Place): string {
  const lower = acceptHeaderName(name, place);
  if (lower === PEER_METADATA_HEADER) place.refuse(`${lower} is the sidecars' own`);
  if (FRAMING_HEADERS.has(lower)) place.refuse(`${lower} belongs to the framing and cannot be changed`);
  return lower;
}

export function acceptHeaderValue(value: string, place: Place): string {
  if (value.length > MAX_HEADER_LENGTH) place.refuse(`must be at most ${MAX_HEADER_LENGTH} characters`);
  if (!FIELD_VALUE.test(value)) place.refuse('must be printable ASCII');
  return value;
}

/** A host, perhaps with a port. */
export function acceptAuthority(authority: string, place: Place): string {
  if (authority.length > MAX_HEADER_LENGTH || !AUTHORITY.test(authority)) place.refuse('must be a host');
  return authority;
}

/** A piece of a path, perhaps with a query. */
export function acceptPathText(text: string, place: Place): string {
  if (text.length > MAX_HEADER_LENGTH) place.refuse(`must be at most ${MAX_HEADER_LENGTH} characters`);
  if (!PATH.test(text)) place.refuse('must be printable ASCII without spaces');
  return text;
}

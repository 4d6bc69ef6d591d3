import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
  HeaderValueOptionSchema,
  HeaderValueSchema,
} from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { Place } from '#sidecar/discovery/refusals.ts';
import type { HeaderEdits, HeaderLine } from './header-edits.ts';
import { acceptAuthority, acceptEditedName, acceptHeaderValue } from './header-syntax.ts';

/** What a RouteConfiguration, a VirtualHost, a Route or a ClusterWeight says of headers. */
export interface HeaderFields {
  readonly requestHeadersToAdd: readonly HeaderValueOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
  readonly responseHeadersToRemove: readonly string[];
}

/** The fields of a message that `compileHeaderLevel` reads. */
export const HEADER_FIELDS = [
  'request_headers_to_add',
  'request_headers_to_remove',
  'response_headers_to_add',
  'response_headers_to_remove',
] as const;

/** The edits of one level. A request's host stands among `set`, as `host`. */
export interface HeaderLevel {
  readonly request: HeaderEdits;
  readonly response: HeaderEdits;
}

/** Envoy's limit on edits of one kind. */
const MAX_EDITS = 1000;

type Side = 'request' | 'response';

export function compileHeaderLevel(fields: HeaderFields, place: Place): HeaderLevel {
  const { requestHeadersToAdd, requestHeadersToRemove, responseHeadersToAdd, responseHeadersToRemove } =
    fields;
  return {
    request: compileEdits('request', requestHeadersToAdd, requestHeadersToRemove, place),
    response: compileEdits('response', responseHeadersToAdd, responseHeadersToRemove, place),
  };
}

function compileEdits(
  side: Side,
  options: readonly HeaderValueOption[],
  names: readonly string[],
  place: Place,
): HeaderEdits {
  if (Math.max(options.length, names.length) > MAX_EDITS) {
    place.refuse(`edits more than ${MAX_EDITS} ${side} headers`);
  }
  const set: HeaderLine[] = [];
  const add: HeaderLine[] = [];
  options.forEach((option, i) => {
    const line = compileLine(side, option, place.in(`${side}_headers_to_add[${i}]`));
    if (line.value === '' && !option.keepEmptyValue) return;
    (option.appendAction === AppendAction.OVERWRITE_IF_EXISTS_OR_ADD ? set : add).push(line);
  });
  const remove = names.map((name, i) => removedName(side, name, place.in(`${side}_headers_to_remove[${i}]`)));
  return { remove, set, add };
}

function compileLine(side: Side, option: HeaderValueOption, place: Place): HeaderLine {
  place.allow(HeaderValueOptionSchema, option, new Set(['header', 'append_action', 'keep_empty_value']));
  const { appendAction } = option;
  if (
    appendAction !== AppendAction.APPEND_IF_EXISTS_OR_ADD &&
    appendAction !== AppendAction.OVERWRITE_IF_EXISTS_OR_ADD
  ) {
    place.in('append_action').refuse(`${AppendAction[appendAction] ?? appendAction} is not supported`);
  }
  const here = place.in('header');
  if (option.header === undefined) {
    here.refuse('is required');
    return { name: '', value: '' };
  }
  here.allow(HeaderValueSchema, option.header, new Set(['key', 'value']));
  const { key, value } = option.header;
  const text = unformat(value, here.in('value'));
  if (isHost(side, key)) return hostLine(text, appendAction, here);
  return {
    name: acceptEditedName(key, here.in('key')),
    value: acceptHeaderValue(text, here.in('value')),
  };
}

function hostLine(value: string, appendAction: AppendAction, place: Place): HeaderLine {
  if (appendAction !== AppendAction.OVERWRITE_IF_EXISTS_OR_ADD) {
    place.in('key').refuse('a request has one host: it can only be overwritten');
  }
  return { name: 'host', value: acceptAuthority(value, place.in('value')) };
}

function removedName(side: Side, name: string, place: Place): string {
  if (isHost(side, name)) place.refuse('the host cannot be removed');
  return isHost(side, name) ? 'host' : acceptEditedName(name, place);
}

function isHost(side: Side, name: string): boolean {
  const lower = name.toLowerCase();
  return side === 'request' && (lower === 'host' || lower === ':authority');
}

/** Envoy puts facts about the request in place of `%COMMAND%`; only `%%`, a percent sign, is supported. */
function unformat(value: string, place: Place): string {
  return value.replaceAll(/%([^%]*)%|%/g, (text, command: string | undefined) => {
    if (command === undefined) place.refuse('a percent sign is written %%');
    else if (command !== '') place.refuse(`${text} is not supported`);
    return '%';
  });
}

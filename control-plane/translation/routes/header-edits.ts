/** Istio Headers: what is set, added and removed on the way there and back. */
import type { HeaderEdits, HeaderOperations } from '#api/kinds/virtual-service.ts';
import {
  HeaderValueOption_HeaderAppendAction as Append,
  type HeaderValueOptionSchema,
} from '#api/xds/gen/envoy/config/core/v3/base_pb.js';
import type { Init } from '../message.ts';
import { compare } from '../model/host-match.ts';

type Option = Init<typeof HeaderValueOptionSchema>;

/** The members that a Route and a ClusterWeight have in common. */
export interface HeaderFields {
  requestHeadersToAdd: Option[];
  requestHeadersToRemove: string[];
  responseHeadersToAdd: Option[];
  responseHeadersToRemove: string[];
}

export function headerFields(edits: HeaderEdits | undefined): HeaderFields {
  return {
    requestHeadersToAdd: additions(edits?.request),
    requestHeadersToRemove: [...(edits?.request?.remove ?? [])],
    responseHeadersToAdd: additions(edits?.response),
    responseHeadersToRemove: [...(edits?.response?.remove ?? [])],
  };
}

/** Of a route and of its only destination: the destination's come last, so they win. */
export function joinFields(first: HeaderFields, second: HeaderFields): HeaderFields {
  return {
    requestHeadersToAdd: [...first.requestHeadersToAdd, ...second.requestHeadersToAdd],
    requestHeadersToRemove: [...first.requestHeadersToRemove, ...second.requestHeadersToRemove],
    responseHeadersToAdd: [...first.responseHeadersToAdd, ...second.responseHeadersToAdd],
    responseHeadersToRemove: [...first.responseHeadersToRemove, ...second.responseHeadersToRemove],
  };
}

/** `host` among the request's headers is its authority, which is rewritten and not edited. */
export function authorityOf(edits: HeaderEdits | undefined): string | undefined {
  const { set = {}, add = {} } = edits?.request ?? {};
  return [...Object.entries(set), ...Object.entries(add)].find(([name]) => isAuthority(name))?.[1];
}

export function isAuthority(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

function additions({ set = {}, add = {} }: HeaderOperations = {}): Option[] {
  return [
    ...options(set, Append.OVERWRITE_IF_EXISTS_OR_ADD),
    ...options(add, Append.APPEND_IF_EXISTS_OR_ADD),
  ];
}

function options(headers: Readonly<Record<string, string>>, appendAction: Append): Option[] {
  return Object.entries(headers)
    .filter(([name]) => !isAuthority(name))
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => ({ header: { key, value }, appendAction }));
}

/** Envoy's command operators as functions of what is known of a request or a connection. */
import type { Command } from '#api/expressions/log-format.ts';
import { DURATION_UNITS } from '#api/expressions/log-operators.ts';
import { compileTimeFormat } from '#api/expressions/time-format.ts';
import { grpcStatusOf, requestHeader, withoutQuery } from '#sidecar/telemetry/attributes.ts';
import { addressOf, portOf } from '#sidecar/telemetry/host-and-port.ts';
import { flagNames } from '#sidecar/telemetry/response-flag-words.ts';
import type { ConnectionRecord, Found, Octets, RequestRecord } from '#sidecar/telemetry/stream-record.ts';
import { grpcStatusName } from './grpc-status-name.ts';
import { Timestamps } from './start-time.ts';

export type LogRecord = RequestRecord | ConnectionRecord;

/** What an operator stands for; undefined or '' is missing. */
export type Field = NumberField | TextField;

export interface NumberField {
  readonly kind: 'number';
  readonly read: (record: LogRecord) => number | undefined;
}

export interface TextField {
  readonly kind: 'text';
  /** Who decides what it holds: `own` text is ASCII without quotes, `foreign` text may hold anything. */
  readonly origin: 'own' | 'configured' | 'foreign';
  readonly read: (record: LogRecord) => string | undefined;
  /** The octets of what `read` returns, where that is dearer. */
  readonly find?: (record: LogRecord, into: Octets) => Found;
}

export interface LogWorld {
  readonly hostName: string;
  readonly wallMs: () => number;
}

/** The command was parsed, so that it is known and its argument right. */
export function compileField({ operator, argument = '', maxLength }: Command, world: LogWorld): Field {
  const field = fieldOf(operator, argument, world);
  if (field.kind === 'number' || maxLength === undefined) return field;
  const { kind, origin, read } = field;
  return { kind, origin, read: (record) => read(record)?.slice(0, maxLength) };
}

function fieldOf(operator: string, argument: string, world: LogWorld): Field {
  switch (operator) {
    case 'START_TIME':
      return time(argument, ({ startWallMs }) => startWallMs);
    case 'EMIT_TIME':
      return time(argument, world.wallMs);
    case 'HOSTNAME':
      return { kind: 'text', origin: 'configured', read: () => world.hostName };
    case 'REQ':
      return sought(header(argument, requestHeader), finder(argument, findRequestHeader));
    case 'REQ_WITHOUT_QUERY':
      return foreign(header(argument, bareHeader));
    case 'RESP':
      return sought(header(argument, responseHeader), finder(argument, findResponseHeader));
    case 'COMMON_DURATION':
      return commonDuration(argument);
    default:
      return FIELDS[operator]!;
  }
}

/** Fields that need nothing to be made of. */
const FIELDS: Readonly<Record<string, Field>> = {
  PROTOCOL: foreign((record) => record.protocol),
  RESPONSE_CODE: { kind: 'number', read: (record) => (record.kind === 'request' ? record.status : 0) },
  RESPONSE_CODE_DETAILS: {
    kind: 'text',
    origin: 'configured',
    read: (record) => (record.kind === 'request' ? withoutSpaces(record.details) : undefined),
  },
  RESPONSE_FLAGS: own(({ flag }) => flag),
  RESPONSE_FLAGS_LONG: own(({ flag }) => flagNames(flag)),
  /** Envoy tells here why its filters ended a connection; no filter of a sidecar does. */
  CONNECTION_TERMINATION_DETAILS: own(() => undefined),
  ROUTE_NAME: configured((record) => (record.kind === 'request' ? record.route : undefined)),
  BYTES_RECEIVED: number((record) =>
    record.kind === 'request' ? record.requestBodyBytes : record.sentBytes,
  ),
  BYTES_SENT: number((record) =>
    record.kind === 'request' ? record.responseBodyBytes : record.receivedBytes,
  ),
  DOWNSTREAM_WIRE_BYTES_RECEIVED: number((record) =>
    record.kind === 'request' ? record.requestBytes : record.sentBytes,
  ),
  DOWNSTREAM_WIRE_BYTES_SENT: number((record) =>
    record.kind === 'request' ? record.responseBytes : record.receivedBytes,
  ),
  DURATION: number(({ durationMs }) => Math.floor(durationMs)),
  REQUEST_DURATION: ofRequest(({ requestMs }) => requestMs),
  RESPONSE_DURATION: ofRequest(({ firstByteMs }) => firstByteMs),
  RESPONSE_TX_DURATION: ofRequest(({ firstByteMs, durationMs }) => firstByteMs && durationMs - firstByteMs),
  GRPC_STATUS: foreign((record) => grpcStatusName(grpcStatusOf(record))),
  GRPC_STATUS_NUMBER: ofRequest(grpcStatusOf),
  UPSTREAM_HOST: configured(({ endpoint }) => endpoint?.key),
  UPSTREAM_CLUSTER: configured(({ cluster }) => cluster?.name),
  UPSTREAM_CLUSTER_RAW: configured(({ cluster }) => cluster?.name),
  UPSTREAM_REMOTE_ADDRESS: configured(({ endpoint }) => endpoint?.key),
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: configured(({ endpoint }) => endpoint?.address),
  UPSTREAM_REMOTE_PORT: number(({ endpoint }) => endpoint?.port),
  UPSTREAM_LOCAL_ADDRESS: own(({ upstreamLocal }) => upstreamLocal),
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: own(({ upstreamLocal }) => addressOf(upstreamLocal)),
  UPSTREAM_LOCAL_PORT: number(({ upstreamLocal }) => portOf(upstreamLocal)),
  UPSTREAM_TRANSPORT_FAILURE_REASON: configured(({ reason }) => reason),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: ofRequest(({ tries }) => tries),
  DOWNSTREAM_REMOTE_ADDRESS: own(({ downstreamRemote }) => downstreamRemote),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: own(({ downstreamRemote }) => addressOf(downstreamRemote)),
  DOWNSTREAM_REMOTE_PORT: number(({ downstreamRemote }) => portOf(downstreamRemote)),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: own(({ downstreamRemote }) => downstreamRemote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: own(({ downstreamRemote }) => addressOf(downstreamRemote)),
  DOWNSTREAM_DIRECT_REMOTE_PORT: number(({ downstreamRemote }) => portOf(downstreamRemote)),
  DOWNSTREAM_LOCAL_ADDRESS: own(({ downstreamLocal }) => downstreamLocal),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: own(({ downstreamLocal }) => addressOf(downstreamLocal)),
  DOWNSTREAM_LOCAL_PORT: number(({ downstreamLocal }) => portOf(downstreamLocal)),
  DOWNSTREAM_PEER_URI_SAN: {
    kind: 'text',
    origin: 'foreign',
    read: ({ reporter, peer }) => (reporter === 'destination' ? peer?.principal : undefined),
  },
  REQUESTED_SERVER_NAME: { kind: 'text', origin: 'foreign', read: ({ serverName }) => serverName },
  TRACE_ID: {
    ...own((record) => (record.kind === 'request' ? record.traceId : undefined)),
    find: (record, into) => (record.kind === 'request' ? record.findTraceId(into) : 'missing'),
  },
  SPAN_ID: own((record) => (record.kind === 'request' ? record.spanId : undefined)),
  WEFT_REASON: configured(({ reason }) => reason),
};

function own(read: TextField['read']): TextField {
  return { kind: 'text', origin: 'own', read };
}

function configured(read: TextField['read']): TextField {
  return { kind: 'text', origin: 'configured', read };
}

function foreign(read: (record: RequestRecord) => string | undefined): TextField {
  return {
    kind: 'text',
    origin: 'foreign',
    read: (record) => (record.kind === 'request' ? read(record) : undefined),
  };
}

function sought(
  read: (record: RequestRecord) => string | undefined,
  find: (record: RequestRecord, into: Octets) => Found,
): TextField {
  return {
    ...foreign(read),
    find: (record, into) => (record.kind === 'request' ? find(record, into) : 'missing'),
  };
}

function number(read: NumberField['read']): NumberField {
  return { kind: 'number', read };
}

/** Whole; undefined of connections. */
function ofRequest(read: (record: RequestRecord) => number | undefined): NumberField {
  return number((record) => {
    const value = record.kind === 'request' ? read(record) : undefined;
    return value === undefined ? undefined : Math.floor(value);
  });
}

function time(format: string, at: (record: LogRecord) => number): TextField {
  if (format !== '') {
    const show = compileTimeFormat(format);
    return configured((record) => show(at(record)));
  }
  const timestamps = new Timestamps();
  return {
    ...own((record) => timestamps.of(at(record))),
    find(record, into) {
      timestamps.find(at(record), into);
      return 'found';
    },
  };
}

/** As Envoy writes it: one word. */
function withoutSpaces(details: string): string {
  return details.includes(' ') ? details.replaceAll(' ', '_') : details;
}

type ReadHeader = (record: RequestRecord, name: string) => string | undefined;

/** `A?B`: the first that is there. */
function header(argument: string, read: ReadHeader): (record: RequestRecord) => string | undefined {
  const [first = '', second] = argument.toLowerCase().split('?');
  if (second === undefined) return (record) => read(record, first);
  return (record) => read(record, first) ?? read(record, second);
}

type FindHeader = (record: RequestRecord, name: string, into: Octets) => Found;

function finder(argument: string, find: FindHeader): (record: RequestRecord, into: Octets) => Found {
  const [first = '', second] = argument.toLowerCase().split('?');
  if (second === undefined) return (record, into) => find(record, first, into);
  return (record, into) => {
    const result = find(record, first, into);
    return result === 'missing' ? find(record, second, into) : result;
  };
}

function findRequestHeader(record: RequestRecord, name: string, into: Octets): Found {
  return record.findRequestHeader(name, into);
}

function bareHeader(record: RequestRecord, name: string): string | undefined {
  const value = requestHeader(record, name);
  return value === undefined ? undefined : withoutQuery(value);
}

const SERVICE_TIME = 'x-envoy-upstream-service-time';

function responseHeader(record: RequestRecord, name: string): string | undefined {
  if (name === ':status') return String(record.status);
  const value = record.responseHeader(name);
  if (value !== undefined || name !== SERVICE_TIME) return value;
  const { upstreamServiceMs } = record;
  return upstreamServiceMs === undefined ? undefined : String(Math.floor(upstreamServiceMs));
}

/** What may be there although no header says it, only `responseHeader` knows. */
function findResponseHeader(record: RequestRecord, name: string, into: Octets): Found {
  if (name === ':status') return 'in-words';
  const result = record.findResponseHeader(name, into);
  return result === 'missing' && name === SERVICE_TIME ? 'in-words' : result;
}

function commonDuration(argument: string): NumberField {
  const [from = '', to = '', unit = ''] = argument.split(':');
  const factor = DURATION_UNITS[unit]!;
  return ofRequest((record) => {
    const begin = momentOf(record, from);
    const end = momentOf(record, to);
    return begin === undefined || end === undefined || end < begin ? undefined : (end - begin) * factor;
  });
}

/** Milliseconds since the start. */
function momentOf(record: RequestRecord, point: string): number | undefined {
  switch (point) {
    case 'DS_RX_BEG':
      return 0;
    case 'DS_RX_END':
      return record.requestMs;
    case 'DS_TX_END':
      return record.durationMs;
    default:
      return record.firstByteMs;
  }
}

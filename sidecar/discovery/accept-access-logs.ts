import type { JsonObject } from '@bufbuild/protobuf';
import { compileExpression } from '#api/expressions/compile-expression.ts';
import { type JsonLogFormat, logFormatProblem } from '#api/expressions/log-format.ts';
import { messageOf } from '#api/foundation/errors.ts';
import { type AccessLog, AccessLogSchema } from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import {
  type SubstitutionFormatString,
  SubstitutionFormatStringSchema,
} from '#api/xds/gen/envoy/config/core/v3/substitution_format_string_pb.js';
import {
  type FileAccessLog,
  FileAccessLogSchema,
} from '#api/xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import type { AccessLogSpec } from '#sidecar/access-log/access-log-spec.ts';
import { acceptAccessLogFilter } from './accept-access-log-filter.ts';
import type { Place } from './refusals.ts';
import { unpack } from './unpack.ts';

/** The only file there is: what a program has to say it says on its standard output. */
const STDOUT = '/dev/stdout';

/** Envoy's format when none is set. */
const ENVOY_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" ' +
  '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n';

const MAX_LOGS = 16;

type Format = Pick<AccessLogSpec, 'format' | 'omitEmpty'>;

/** The access logs of a connection manager or a TCP proxy, which `place` is. */
export function acceptAccessLogs(logs: readonly AccessLog[], place: Place): AccessLogSpec[] {
  if (logs.length > MAX_LOGS)
    place.in('access_log').refuse(`has ${logs.length} access logs; at most ${MAX_LOGS}`);
  return logs.flatMap((log, i) => acceptOne(log, place.in(`access_log[${i}]`)) ?? []);
}

function acceptOne(log: AccessLog, place: Place): AccessLogSpec | undefined {
  place.allow(AccessLogSchema, log, new Set(['name', 'filter', 'typed_config']));
  const config = log.configType.case === 'typedConfig' ? log.configType.value : undefined;
  const file = unpack(config, FileAccessLogSchema);
  if (file === undefined) {
    place.refuse(`access log ${log.name} (${config?.typeUrl ?? 'without configuration'}) is not supported`);
    return undefined;
  }
  const format = acceptFile(file, place.in('typed_config'));
  const filter = log.filter && acceptFilter(log.filter, place.in('filter'));
  return format && { key: JSON.stringify([format, filter]), ...format, filter };
}

function acceptFilter(filter: NonNullable<AccessLog['filter']>, place: Place): string | undefined {
  const text = acceptAccessLogFilter(filter, place);
  if (text === undefined) return undefined;
  try {
    compileExpression(text);
  } catch (error) {
    place.refuse(messageOf(error));
  }
  return text;
}

function acceptFile({ path, accessLogFormat }: FileAccessLog, place: Place): Format | undefined {
  if (path !== STDOUT) place.in('path').refuse(`${path} is not supported; only ${STDOUT} is`);
  const { case: kind, value } = accessLogFormat;
  switch (kind) {
    case undefined:
      return { format: { text: ENVOY_FORMAT }, omitEmpty: false };
    case 'format':
      return checked({ format: { text: value || ENVOY_FORMAT }, omitEmpty: false }, place.in('format'));
    case 'jsonFormat':
    case 'typedJsonFormat':
      return checked({ format: { json: jsonFormat(value) }, omitEmpty: false }, place.in('json_format'));
    case 'logFormat':
      return acceptLogFormat(value, place.in('log_format'));
  }
}

const FORMAT_FIELDS = new Set(['text_format', 'text_format_source', 'json_format', 'omit_empty_values']);

function acceptLogFormat(message: SubstitutionFormatString, place: Place): Format | undefined {
  place.allow(SubstitutionFormatStringSchema, message, FORMAT_FIELDS);
  const { format, omitEmptyValues: omitEmpty } = message;
  switch (format.case) {
    case 'textFormat':
      return checked({ format: { text: format.value }, omitEmpty }, place.in('text_format'));
    case 'textFormatSource': {
      const { specifier } = format.value;
      if (specifier.case === 'inlineString')
        return checked({ format: { text: specifier.value }, omitEmpty }, place.in('text_format_source'));
      place.in('text_format_source').refuse('only inline_string is supported');
      return undefined;
    }
    case 'jsonFormat':
      return checked({ format: { json: jsonFormat(format.value) }, omitEmpty }, place.in('json_format'));
    case undefined:
      place.refuse('says no format');
      return undefined;
  }
}

function checked(format: Format, place: Place): Format {
  const problem = logFormatProblem(format.format);
  if (problem !== undefined) place.refuse(problem);
  return format;
}

/** Any object: what its values may be is looked at next. */
function jsonFormat(value: JsonObject): JsonLogFormat {
  return value as JsonLogFormat;
}

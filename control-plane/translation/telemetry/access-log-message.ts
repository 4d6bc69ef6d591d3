import type { AccessLogSchema } from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import type { TypedExtensionConfigSchema } from '#api/xds/gen/envoy/config/core/v3/extension_pb.js';
import { FileAccessLogSchema } from '#api/xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from '#api/xds/gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import { type Init, pack } from '../message.ts';
import type { LogFormat } from './providers.ts';

/** What is written of one side of a workload's traffic, as plain data. */
export interface AccessLogPlan extends LogFormat {
  /** CEL; undefined: everything. */
  readonly filter: string | undefined;
  /** For an Envoy whose format has REQ_WITHOUT_QUERY: it is an extension there. */
  readonly bareHeaders?: boolean;
}

type AccessLogInit = Init<typeof AccessLogSchema>;

/** Twelve-factor: the node keeps and rotates what a container writes there. */
const STDOUT = '/dev/stdout';

/** Its message has no fields. */
const BARE_HEADERS: Init<typeof TypedExtensionConfigSchema> = {
  name: 'envoy.formatter.req_without_query',
  typedConfig: {
    typeUrl: 'type.googleapis.com/envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery',
    value: new Uint8Array(),
  },
};

export function accessLogMessage({ format, omitEmpty, filter, bareHeaders }: AccessLogPlan): AccessLogInit {
  const logFormat =
    'text' in format
      ? {
          format: {
            case: 'textFormatSource' as const,
            value: { specifier: { case: 'inlineString' as const, value: format.text } },
          },
        }
      : {
          format: { case: 'jsonFormat' as const, value: format.json },
        };
  const file = pack(FileAccessLogSchema, {
    path: STDOUT,
    accessLogFormat: {
      case: 'logFormat',
      value: {
        ...logFormat,
        omitEmptyValues: omitEmpty,
        ...(bareHeaders === true ? { formatters: [BARE_HEADERS] } : {}),
      },
    },
  });
  return {
    name: 'envoy.access_loggers.file',
    configType: { case: 'typedConfig', value: file },
    ...(filter === undefined ? {} : { filter: expressionFilter(filter) }),
  };
}

function expressionFilter(expression: string): NonNullable<AccessLogInit['filter']> {
  return {
    filterSpecifier: {
      case: 'extensionFilter',
      value: {
        name: 'envoy.access_loggers.extension_filters.cel',
        configType: { case: 'typedConfig', value: pack(ExpressionFilterSchema, { expression }) },
      },
    },
  };
}

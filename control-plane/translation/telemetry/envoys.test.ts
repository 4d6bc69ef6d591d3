import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { DEFAULT_JSON_FORMAT, DEFAULT_TEXT_FORMAT, type JsonLogFormat } from '#api/expressions/log-format.ts';
import { FileAccessLogSchema } from '#api/xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { accessLogMessage } from './access-log-message.ts';
import { planForEnvoy } from './envoys.ts';
import type { SidePlan } from './observation.ts';

const ISTIO = { countsAsIstio: true };
const PLAIN = { countsAsIstio: false };

function logging(format: { text: string } | { json: JsonLogFormat }): SidePlan {
  const accessLogs = [{ format, omitEmpty: false, filter: undefined }];
  return { tracing: undefined, accessLogs, metrics: 'off', atServer: false };
}

const logOf = (format: { text: string } | { json: JsonLogFormat }) =>
  planForEnvoy(logging(format), PLAIN).accessLogs[0]!;

test('is asked for the metrics of Istio only where it has them', () => {
  expect(planForEnvoy(logging({ text: '' }), ISTIO).metrics).toBe('off');
  expect(planForEnvoy(logging({ text: '' }), PLAIN).metrics).toEqual([]);
});

test.each([
  ["Istio's format", DEFAULT_TEXT_FORMAT, DEFAULT_TEXT_FORMAT],
  [
    'the reason in words',
    'a %WEFT_REASON% %%WEFT_REASON',
    'a %UPSTREAM_TRANSPORT_FAILURE_REASON% %%WEFT_REASON',
  ],
  ['arguments and lengths', '%REQ(A?:PATH):5%%START_TIME(%s)%', '%REQ(A?:PATH):5%%START_TIME(%s)%'],
])('writes %s in words that it knows', (_, text, told) => {
  expect(logOf({ text })).toEqual({
    format: { text: told },
    omitEmpty: false,
    filter: undefined,
    bareHeaders: false,
  });
});

test('writes objects in words that it knows, however deep', () => {
  const { format } = logOf({
    json: { ...DEFAULT_JSON_FORMAT, more: { why: '%WEFT_REASON%', n: 1, yes: true } },
  });
  const reason = '%UPSTREAM_TRANSPORT_FAILURE_REASON%';
  expect(format).toEqual({
    json: { ...DEFAULT_JSON_FORMAT, reason, more: { why: reason, n: 1, yes: true } },
  });
});

test('is brought the extension that an operator is', () => {
  const formatters = (text: string) => {
    const { configType } = accessLogMessage(logOf({ text }));
    const file = anyUnpack(configType?.value as Any, FileAccessLogSchema)!;
    const format = file.accessLogFormat.case === 'logFormat' ? file.accessLogFormat.value.formatters : [];
    return format.map(({ typedConfig }) => typedConfig?.typeUrl.split('/')[1]);
  };
  const extension = 'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery';
  expect(formatters('%REQ_WITHOUT_QUERY(:PATH)%')).toEqual([extension]);
  expect(formatters('%REQ(:PATH)%')).toEqual([]);
});

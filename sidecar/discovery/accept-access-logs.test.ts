import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import {
  AccessLogFilterSchema,
  AccessLogSchema,
} from '#api/xds/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import { FileAccessLogSchema } from '#api/xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from '#api/xds/gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import { RouterSchema } from '#api/xds/gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { acceptAccessLogs } from './accept-access-logs.ts';
import { accept } from './refusals.ts';

const STDOUT = { path: '/dev/stdout' };

function log(file: JsonValue, filter?: JsonValue | { cel: string }) {
  const message = create(AccessLogSchema, {
    name: 'envoy.access_loggers.file',
    configType: {
      case: 'typedConfig',
      value: anyPack(FileAccessLogSchema, fromJson(FileAccessLogSchema, file)),
    },
  });
  if (filter !== undefined) message.filter = filterOf(filter);
  return message;
}

function filterOf(filter: JsonValue | { cel: string }) {
  if (typeof filter !== 'object' || filter === null || !('cel' in filter))
    return fromJson(AccessLogFilterSchema, filter);
  const value = create(ExpressionFilterSchema, { expression: String(filter.cel) });
  const typed = { case: 'typedConfig' as const, value: anyPack(ExpressionFilterSchema, value) };
  return create(AccessLogFilterSchema, {
    filterSpecifier: { case: 'extensionFilter', value: { name: 'cel', configType: typed } },
  });
}

const read = (...logs: ReturnType<typeof log>[]) => accept((place) => acceptAccessLogs(logs, place));

test.each<[string, JsonValue, unknown]>([
  [
    'a format of text',
    { logFormat: { textFormatSource: { inlineString: '%PROTOCOL%\n' } } },
    { text: '%PROTOCOL%\n' },
  ],
  ['an older one', { logFormat: { textFormat: 'x\n' } }, { text: 'x\n' }],
  ['the oldest', { format: '%DURATION%\n' }, { text: '%DURATION%\n' }],
  [
    'a format of JSON',
    { logFormat: { jsonFormat: { a: '%PROTOCOL%', b: { c: 1 } } } },
    { json: { a: '%PROTOCOL%', b: { c: 1 } } },
  ],
  ['an older one of JSON', { typedJsonFormat: { a: '%PROTOCOL%' } }, { json: { a: '%PROTOCOL%' } }],
  ["Envoy's own where none is set", {}, { text: expect.stringContaining('%UPSTREAM_HOST%') }],
])('takes %s', (_, file, format) => {
  const accepted = read(log({ ...STDOUT, ...(file as object) }));
  expect(accepted).toMatchObject({ ok: true, value: [{ format, omitEmpty: false, filter: undefined }] });
});

test('equal logs have equal keys, others have not', () => {
  const keys = [log(STDOUT), log(STDOUT), log({ ...STDOUT, format: 'x' }), log(STDOUT, { cel: 'true' })].map(
    (each) => {
      const accepted = read(each);
      return accepted.ok && accepted.value[0]?.key;
    },
  );
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(3);
});

const at = (op: string, value: number) => ({
  comparison: { op, value: { defaultValue: value, runtimeKey: 'x' } },
});

test.each<[string, JsonValue | { cel: string }, string]>([
  ['an expression', { cel: 'response.code >= 400' }, 'response.code >= 400'],
  ['a status', { statusCodeFilter: at('GE', 500) }, 'response.code >= 500'],
  ['a duration', { durationFilter: at('LE', 10) }, 'request.duration <= duration("10ms")'],
  ['requests of no health check', { notHealthCheckFilter: {} }, 'true'],
  ['any flag', { responseFlagFilter: {} }, 'response.flags != 0'],
  [
    'flags',
    { responseFlagFilter: { flags: ['UF', 'NR'] } },
    'response.flags / 32 % 2 == 1 || response.flags / 256 % 2 == 1',
  ],
  [
    'both of',
    { andFilter: { filters: [{ statusCodeFilter: at('EQ', 404) }, { notHealthCheckFilter: {} }] } },
    '(response.code == 404) && (true)',
  ],
  [
    'one of',
    { orFilter: { filters: [{ statusCodeFilter: at('EQ', 404) }, { durationFilter: at('GE', 5) }] } },
    '(response.code == 404) || (request.duration >= duration("5ms"))',
  ],
])('filters by %s', (_, filter, expected) => {
  expect(read(log(STDOUT, filter))).toMatchObject({ ok: true, value: [{ filter: expected }] });
});

const none: ReturnType<typeof log> = create(AccessLogSchema, { name: 'nothing' });
const other = create(AccessLogSchema, {
  name: 'other',
  configType: { case: 'typedConfig', value: anyPack(RouterSchema, create(RouterSchema)) },
});

test.each<[string, ReturnType<typeof log>, string]>([
  [
    'another file',
    log({ path: '/var/log/access.log' }),
    'access_log[0].typed_config.path: /var/log/access.log',
  ],
  ['an unknown operator', log({ ...STDOUT, format: '%NOTHING%' }), '%NOTHING%'],
  ['one in JSON', log({ ...STDOUT, jsonFormat: { a: { b: '%NOTHING%' } } }), '%NOTHING%'],
  [
    'a file of formats',
    log({ ...STDOUT, logFormat: { textFormatSource: { filename: '/x' } } }),
    'inline_string',
  ],
  ['no format', log({ ...STDOUT, logFormat: {} }), 'log_format: says no format'],
  ['no configuration', none, 'nothing (without configuration)'],
  ['another logger', other, 'Router'],
  ['an expression that is none', log(STDOUT, { cel: 'response.' }), 'expected'],
  ['an unknown attribute', log(STDOUT, { cel: 'filter_state.x == "a"' }), 'filter_state.x'],
  [
    'a filter of headers',
    log(STDOUT, { headerFilter: { header: { name: 'a' } } }),
    'header_filter: not supported',
  ],
  ['a filter that says nothing', log(STDOUT, {}), 'says nothing'],
  ['an unknown flag', log(STDOUT, { responseFlagFilter: { flags: ['XX'] } }), 'XX is no flag'],
  [
    'one filter of several',
    log(STDOUT, { andFilter: { filters: [{ notHealthCheckFilter: {} }] } }),
    'two filters',
  ],
])('refuses %s by name', (_, each, named) => {
  const accepted = read(each);
  expect(accepted.ok ? [] : accepted.reasons).toEqual([expect.stringContaining(named)]);
});

test('more logs than anybody reads are refused', () => {
  const accepted = read(...Array.from({ length: 17 }, () => log(STDOUT)));
  expect(accepted.ok ? [] : accepted.reasons).toEqual([expect.stringContaining('17 access logs')]);
});

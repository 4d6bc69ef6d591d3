import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { TypedStructSchema } from '#api/xds/gen/xds/type/v3/typed_struct_pb.js';
import type { StatsSpec } from '#sidecar/telemetry/stats-spec.ts';
import { acceptStats, STATS_TYPE } from './accept-stats.ts';
import { Place } from './refusals.ts';

const XDS = 'type.googleapis.com/xds.type.v3.TypedStruct';
const UDPA = 'type.googleapis.com/udpa.type.v1.TypedStruct';

function filter(value: JsonObject, typeUrl = STATS_TYPE, outer = XDS): Any {
  const struct = create(TypedStructSchema, { typeUrl, value });
  return create(AnySchema, { typeUrl: outer, value: toBinary(TypedStructSchema, struct) });
}

function accepted(config: Any): { spec: StatsSpec | undefined; reasons: string[] } {
  const reasons: string[] = [];
  return { spec: acceptStats(config, new Place('', reasons)), reasons };
}

const OVERRIDES = {
  disable_host_header_fallback: true,
  metrics: [
    { dimensions: { method: 'request.method', a: "'b'" }, tags_to_remove: ['source_principal'] },
    { name: 'request_bytes', drop: true },
  ],
};

test.each([XDS, UDPA])('is read of a TypedStruct, %s', (outer) => {
  const { spec, reasons } = accepted(filter(OVERRIDES, STATS_TYPE, outer));
  expect(reasons).toEqual([]);
  expect(spec?.metrics).toEqual([
    {
      name: '',
      drop: false,
      dimensions: [
        ['a', "'b'"],
        ['method', 'request.method'],
      ],
      tagsToRemove: ['source_principal'],
    },
    { name: 'request_bytes', drop: true, dimensions: [], tagsToRemove: [] },
  ]);
});

test('the same said in another order has the same key', () => {
  const one = { metrics: [{ dimensions: { a: "'1'", b: "'2'" } }] };
  const other = { metrics: [{ dimensions: { b: "'2'", a: "'1'" } }] };
  expect(accepted(filter(one)).spec?.key).toBe(accepted(filter(other)).spec?.key);
  expect(accepted(filter(one)).spec?.key).not.toBe(accepted(filter(OVERRIDES)).spec?.key);
});

test('nothing to change is a spec without metrics', () => {
  expect(accepted(filter({}))).toEqual({ spec: { key: '[]', metrics: [] }, reasons: [] });
});

test.each([
  ['of another filter', filter({}, 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm')],
  ['that is no TypedStruct', create(AnySchema, { typeUrl: STATS_TYPE, value: new Uint8Array() })],
])('a configuration %s is not this one', (_name, config) => {
  expect(accepted(config)).toEqual({ spec: undefined, reasons: [] });
});

test.each<[string, JsonObject, RegExp]>([
  ['a field that is not supported', { definitions: [] }, /^definitions: not supported/],
  ['the host header', { disable_host_header_fallback: false }, /^disable_host_header_fallback: only true/],
  ['metrics that are no list', { metrics: {} }, /^metrics: must be a list/],
  ['more metrics than anybody needs', { metrics: Array(65).fill({}) }, /^metrics: must have at most 64/],
  ['a metric that is no object', { metrics: ['x'] }, /^metrics\[0\]: must be an object/],
  ['a field of a metric', { metrics: [{ match: 'x' }] }, /^metrics\[0\]\.match: not supported/],
  ['a metric that there is not', { metrics: [{ name: 'x' }] }, /^metrics\[0\]\.name: "x" is none of/],
  ['messages of gRPC', { metrics: [{ name: 'request_messages_total' }] }, /is none of/],
  ['a name that is no text', { metrics: [{ name: 1 }] }, /^metrics\[0\]\.name: must be text/],
  ['a word for drop', { metrics: [{ drop: 'yes' }] }, /^metrics\[0\]\.drop: must be true or false/],
  ['a tag with a dash', { metrics: [{ dimensions: { 'a-b': "'c'" } }] }, /dimensions\.a-b: is no name/],
  ["Prometheus' own tag", { metrics: [{ dimensions: { __name__: "'c'" } }] }, /__name__: is no name/],
  ["the histogram's tag", { metrics: [{ dimensions: { le: "'c'" } }] }, /dimensions\.le: is no name/],
  ['no expression', { metrics: [{ dimensions: { a: '' } }] }, /dimensions\.a: must be an expression/],
  ['a number as expression', { metrics: [{ dimensions: { a: 1 } }] }, /dimensions\.a: must be an expression/],
  ['half an expression', { metrics: [{ dimensions: { a: 'request.' } }] }, /dimensions\.a: /],
  ['an attribute that there is not', { metrics: [{ dimensions: { a: 'request.nose' } }] }, /nose/],
  [
    'an endless expression',
    { metrics: [{ dimensions: { a: `'${'x'.repeat(1100)}'` } }] },
    /at most 1024 characters/,
  ],
  [
    'too many tags',
    { metrics: [{ dimensions: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, "'x'"])) }] },
    /dimensions: must have at most 16/,
  ],
  ['tags to remove that are none', { metrics: [{ tags_to_remove: 'a' }] }, /tags_to_remove: must be a list/],
])('%s is refused by name', (_name, value, reason) => {
  expect(accepted(filter(value)).reasons).toContainEqual(expect.stringMatching(reason));
});

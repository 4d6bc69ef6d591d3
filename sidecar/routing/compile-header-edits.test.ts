import type { JsonObject } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import type { RouteDecision } from './route-table.ts';
import { decide, host, refusalsOf, request, tableOf } from './testing/tables.ts';

type Action = 'APPEND_IF_EXISTS_OR_ADD' | 'OVERWRITE_IF_EXISTS_OR_ADD';

const add = (key: string, value: string, append_action: Action = 'APPEND_IF_EXISTS_OR_ADD'): JsonObject => ({
  header: { key, value },
  append_action,
});
const set = (key: string, value: string): JsonObject => add(key, value, 'OVERWRITE_IF_EXISTS_OR_ADD');
const route = { cluster: 'a' };

function editsOf(decision: RouteDecision): object {
  const { requestEdits, responseEdits } = decision as { requestEdits?: object; responseEdits?: object };
  return { requestEdits, responseEdits };
}

test('nothing to edit is undefined', () => {
  expect(editsOf(decide({ route }))).toEqual({ requestEdits: undefined, responseEdits: undefined });
});

test.each<[string, JsonObject, object]>([
  [
    'add, set and remove',
    { request_headers_to_add: [add('X-A', '1'), set('X-B', '2')], request_headers_to_remove: ['X-C'] },
    { remove: ['x-c'], set: [{ name: 'x-b', value: '2' }], add: [{ name: 'x-a', value: '1' }] },
  ],
  [
    'what is set wins over what is added before it, and is followed by it',
    { request_headers_to_add: [add('a', '1'), set('a', '2'), add('a', '3')] },
    {
      set: [{ name: 'a', value: '2' }],
      add: [
        { name: 'a', value: '1' },
        { name: 'a', value: '3' },
      ],
    },
  ],
  [
    'removal comes first',
    { request_headers_to_add: [add('a', '1')], request_headers_to_remove: ['a'] },
    { remove: [], set: [{ name: 'a', value: '1' }], add: [] },
  ],
  [
    'a percent sign',
    { request_headers_to_add: [add('a', '100%% of %%')] },
    { add: [{ name: 'a', value: '100% of %' }] },
  ],
  [
    'an empty value to keep',
    { request_headers_to_add: [{ ...set('a', ''), keep_empty_value: true }] },
    { set: [{ name: 'a', value: '' }] },
  ],
])('%s', (_name, fields, expected) => {
  expect(decide({ route, ...fields })).toMatchObject({ requestEdits: expected });
});

test('an empty value is dropped', () => {
  expect(decide({ route, request_headers_to_add: [set('a', '')] })).toMatchObject({
    requestEdits: undefined,
  });
});

test.each(['host', 'Host', ':authority'])('%s is set as the authority', (key) => {
  const decision = decide({ route, request_headers_to_add: [set(key, 'shop.test:80')] });
  expect(decision).toMatchObject({
    rewrite: { path: undefined, authority: 'shop.test:80' },
    requestEdits: undefined,
  });
});

describe('levels', () => {
  const at = (level: string): JsonObject => ({
    request_headers_to_add: [set('last', level), add('all', level)],
    response_headers_to_add: [set('last', level)],
  });
  const decideBy = (fields: JsonObject) =>
    tableOf(
      [
        {
          ...host(['*'], {
            match: { prefix: '/' },
            route: { weighted_clusters: { clusters: [{ name: 'a', weight: 1, ...at('cluster') }] } },
            ...at('route'),
          }),
          ...at('host'),
        },
      ],
      { ...at('table'), ...fields },
    ).select(request({}));

  test.each<[string, JsonObject, string[]]>([
    ['the widest has the last word', {}, ['cluster', 'route', 'host', 'table']],
    [
      'the narrowest has it when told so',
      { most_specific_header_mutations_wins: true },
      ['table', 'host', 'route', 'cluster'],
    ],
  ])('%s', (_name, fields, order) => {
    const last = [{ name: 'last', value: order[3] }];
    expect(decideBy(fields)).toMatchObject({
      requestEdits: { set: last, add: order.map((value) => ({ name: 'all', value })) },
      responseEdits: { set: last, add: [] },
    });
  });

  test('a wider level removes what a narrower one wrote', () => {
    const table = tableOf([
      {
        ...host(['*'], { match: { prefix: '/' }, route, request_headers_to_add: [add('a', '1')] }),
        request_headers_to_remove: ['a'],
      },
    ]);
    expect(table.select(request({}))).toMatchObject({ requestEdits: { remove: ['a'], set: [], add: [] } });
  });
});

const FRAMING = [
  'connection',
  'Content-Length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'keep-alive',
];

describe('refused', () => {
  test.each<[string, JsonObject, string]>([
    ...FRAMING.map<[string, JsonObject, string]>((name) => [
      name,
      { request_headers_to_add: [set(name, 'x')] },
      `request_headers_to_add[0].header.key: ${name.toLowerCase()} belongs to the framing and cannot be changed`,
    ]),
    [
      'removal of a framing header',
      { response_headers_to_remove: ['content-length'] },
      'response_headers_to_remove[0]: content-length belongs to the framing and cannot be changed',
    ],
    [
      'a pseudo-header',
      { request_headers_to_add: [set(':path', '/')] },
      'request_headers_to_add[0].header.key: pseudo-header :path is not supported',
    ],
    [
      'the status of a response',
      { response_headers_to_add: [set(':status', '200')] },
      'response_headers_to_add[0].header.key: pseudo-header :status is not supported',
    ],
    [
      "the sidecars' own header",
      { response_headers_to_remove: ['X-Envoy-Peer-Metadata'] },
      "response_headers_to_remove[0]: x-envoy-peer-metadata is the sidecars' own",
    ],
    [
      'removal of the host',
      { request_headers_to_remove: ['Host'] },
      'request_headers_to_remove[0]: the host cannot be removed',
    ],
    [
      'a second host',
      { request_headers_to_add: [add('host', 'a')] },
      'request_headers_to_add[0].header.key: a request has one host: it can only be overwritten',
    ],
    [
      'a host that is none',
      { request_headers_to_add: [set('host', 'a/b')] },
      'request_headers_to_add[0].header.value: must be a host',
    ],
    [
      'a name that is none',
      { request_headers_to_add: [set('a b', 'x')] },
      'request_headers_to_add[0].header.key: must be the name of a header',
    ],
    [
      'an empty name',
      { request_headers_to_add: [set('', 'x')] },
      'request_headers_to_add[0].header.key: must be the name of a header',
    ],
    ...['a\r\nb: c', 'a\nb', 'a\0', 'ä', '\u010d\u010a'].map<[string, JsonObject, string]>((value) => [
      `the value ${JSON.stringify(value)}`,
      { request_headers_to_add: [set('a', value)] },
      'request_headers_to_add[0].header.value: must be printable ASCII',
    ]),
    [
      'a formatter',
      { request_headers_to_add: [set('a', 'from %DOWNSTREAM_REMOTE_ADDRESS%')] },
      'request_headers_to_add[0].header.value: %DOWNSTREAM_REMOTE_ADDRESS% is not supported',
    ],
    [
      'a lone percent sign',
      { request_headers_to_add: [set('a', '100%')] },
      'request_headers_to_add[0].header.value: a percent sign is written %%',
    ],
    [
      'ADD_IF_ABSENT',
      { request_headers_to_add: [{ ...add('a', '1'), append_action: 'ADD_IF_ABSENT' }] },
      'request_headers_to_add[0].append_action: ADD_IF_ABSENT is not supported',
    ],
    [
      'OVERWRITE_IF_EXISTS',
      { response_headers_to_add: [{ ...add('a', '1'), append_action: 'OVERWRITE_IF_EXISTS' }] },
      'response_headers_to_add[0].append_action: OVERWRITE_IF_EXISTS is not supported',
    ],
    [
      'the old append',
      { request_headers_to_add: [{ ...add('a', '1'), append: true }] },
      'request_headers_to_add[0].append: not supported',
    ],
    [
      'a raw value',
      { request_headers_to_add: [{ header: { key: 'a', value: 'x', raw_value: 'eA==' } }] },
      'request_headers_to_add[0].header.raw_value: not supported',
    ],
    [
      'no header',
      { request_headers_to_add: [{ keep_empty_value: true }] },
      'request_headers_to_add[0].header: is required',
    ],
    [
      'more edits than Envoy takes',
      { request_headers_to_remove: Array.from({ length: 1001 }, (_, i) => `h${i}`) },
      'edits more than 1000 request headers',
    ],
  ])('%s', (_name, fields, reason) => {
    expect(refusalsOf({ route, ...fields })).toEqual([expect.stringContaining(reason)]);
  });
});

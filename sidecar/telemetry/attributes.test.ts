import { expect, test } from 'vitest';
import { ATTRIBUTE_NAMES, attributeType } from '#api/expressions/attributes.ts';
import { connectionRecord, requestRecord } from '#sidecar/access-log/testing/records.ts';
import { attributesOf } from './attributes.ts';
import type { Peer } from './telemetry.ts';

const peer = { principal: 'spiffe://cluster.local/ns/foo/sa/sleep' } as Peer;
const request = requestRecord(
  { path: '/a/b?c=d', flag: 'URX,UF', reason: 'refused', serverName: 'sni', reporter: 'destination', peer },
  { referer: 'there', 'user-agent': 'curl', 'x-request-id': 'id1', 'x-a': 'b' },
  { 'grpc-status': '5', server: 'x' },
);

test.each<[string, unknown]>([
  ['request.path', '/a/b?c=d'],
  ['request.url_path', '/a/b'],
  ['request.query', 'c=d'],
  ['request.host', 'httpbin:8000'],
  ['request.scheme', 'http'],
  ['request.method', 'GET'],
  ['request.headers.x-a', 'b'],
  ['request.headers.:method', 'GET'],
  ['request.headers.x-none', undefined],
  ['request.referer', 'there'],
  ['request.useragent', 'curl'],
  ['request.time', Date.parse('2020-11-25T21:26:18.409Z')],
  ['request.id', 'id1'],
  ['request.protocol', 'HTTP/1.1'],
  ['request.duration', 3.9],
  ['request.size', 0],
  ['request.total_size', 150],
  ['response.code', 418],
  ['response.code_details', 'via_upstream'],
  ['response.flags', 0x8020],
  ['response.grpc_status', 5],
  ['response.headers.server', 'x'],
  ['response.headers.:status', '418'],
  ['response.size', 135],
  ['response.total_size', 300],
  ['response.backend_latency', 4],
  ['source.address', '10.44.1.23:37652'],
  ['source.port', 37652],
  ['destination.address', '10.0.45.184:8000'],
  ['destination.port', 8000],
  ['connection.mtls', true],
  ['connection.requested_server_name', 'sni'],
  ['connection.uri_san_peer_certificate', 'spiffe://cluster.local/ns/foo/sa/sleep'],
  ['upstream.address', '10.44.1.27:80'],
  ['upstream.port', 80],
  ['upstream.local_address', '10.44.1.23:37854'],
  ['upstream.transport_failure_reason', 'refused'],
  ['upstream.request_attempt_count', 1],
  ['xds.cluster_name', 'outbound|8000||httpbin.foo.svc.cluster.local'],
  ['xds.route_name', 'default'],
  ['xds.listener_direction', 1],
  ['constructor', undefined],
])('%s is %j', (name, value) => {
  expect(attributesOf(request)(name)).toBe(value);
});

const TYPES = { string: 'string', int: 'number', bool: 'boolean', duration: 'number', timestamp: 'number' };

test('every attribute that an expression may name has a value of its type here', () => {
  const lookup = attributesOf(request);
  for (const name of ATTRIBUTE_NAMES) {
    const type = attributeType(name)!;
    if (type === 'headers' || name === 'connection.termination_details') continue;
    expect([name, typeof lookup(name)]).toEqual([name, TYPES[type]]);
  }
});

test.each<[string, unknown]>([
  ['request.path', undefined],
  ['request.headers.x-a', undefined],
  ['response.code', undefined],
  ['request.size', 10],
  ['response.total_size', 20],
  ['connection.mtls', false],
  ['xds.listener_direction', 2],
])('%s of a connection is %j', (name, value) => {
  expect(attributesOf(connectionRecord())(name)).toBe(value);
});

test('what is not known is missing', () => {
  const bare = requestRecord({ status: 0, path: '', method: '', endpoint: undefined, upstreamLocal: '' });
  for (const name of [
    'response.code',
    'request.path',
    'request.method',
    'upstream.address',
    'upstream.local_address',
  ])
    expect(attributesOf(bare)(name)).toBeUndefined();
});

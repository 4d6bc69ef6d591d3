import { expect, test } from 'vitest';
import { DEFAULT_JSON_FORMAT, DEFAULT_TEXT_FORMAT, type JsonLogFormat } from '#api/expressions/log-format.ts';
import type { AccessLogSpec } from './access-log-spec.ts';
import { AccessLogs } from './access-logs.ts';
import type { LogRecord } from './fields.ts';
import { connectionRecord, requestRecord } from './testing/records.ts';

const WORLD = { hostName: 'productpage-v1-0', wallMs: () => Date.parse('2030-01-01T00:00:00Z') };

type Options = Partial<Pick<AccessLogSpec, 'omitEmpty' | 'filter'>>;

function logs() {
  const lines: string[] = [];
  const sink = {
    write: (octets: Buffer, length: number) => lines.push(octets.toString('latin1', 0, length)) > 0,
    written: 0,
    dropped: 0,
  };
  return { lines, logs: new AccessLogs({ ...WORLD, sink }) };
}

function written(format: string | JsonLogFormat, record: LogRecord, options: Options = {}): string {
  const { lines, logs: all } = logs();
  const kind = typeof format === 'string' ? { text: format } : { json: format };
  const spec = { key: 'a', format: kind, omitEmpty: false, filter: undefined, ...options };
  all.of([spec])?.write(record);
  return lines.join('');
}

test("the line of Istio's page on access logs", () => {
  expect(written(DEFAULT_TEXT_FORMAT, requestRecord())).toBe(
    '[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 3 4 "-" "curl/7.73.0-DEV" ' +
      '"84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "10.44.1.27:80" ' +
      'outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37854 10.0.45.184:8000 10.44.1.23:37652 - default\n',
  );
});

test('a failure is told in words where text has room for them', () => {
  const failed = requestRecord({
    status: 503,
    flag: 'URX,UF',
    details: 'upstream_reset_before_response_started{remote connection failure}',
    reason:
      'cannot connect to 10.44.1.27:80 of httpbin.foo.svc.cluster.local: connection refused (try 3 of 3)',
    responseBodyBytes: 91,
    upstreamServiceMs: undefined,
  });
  expect(written(DEFAULT_TEXT_FORMAT, failed)).toContain(
    '503 URX,UF upstream_reset_before_response_started{remote_connection_failure} - "cannot connect to 10.44.1.27:80 of ' +
      'httpbin.foo.svc.cluster.local: connection refused (try 3 of 3)" 0 91 3 - "-"',
  );
});

test('an opaque connection has dashes for what only requests have', () => {
  expect(written(DEFAULT_TEXT_FORMAT, connectionRecord({ serverName: 'a.example' }))).toBe(
    '[2020-11-25T21:26:18.409Z] "- - -" 0 - - - "-" 10 20 3 - "-" "-" "-" "-" "10.44.1.27:80" ' +
      'outbound|8000||httpbin.foo.svc.cluster.local 10.44.1.23:37854 10.0.45.184:8000 10.44.1.23:37652 a.example -\n',
  );
});

test("Istio's labels, with numbers as numbers and null for what is missing", () => {
  const line = written(DEFAULT_JSON_FORMAT, requestRecord({ traceId: 'a1', tries: 2 }));
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual({
    start_time: '2020-11-25T21:26:18.409Z',
    route_name: 'default',
    method: 'GET',
    path: '/status/418',
    protocol: 'HTTP/1.1',
    response_code: 418,
    response_flags: '-',
    response_code_details: 'via_upstream',
    connection_termination_details: null,
    bytes_received: 0,
    bytes_sent: 135,
    duration: 3,
    upstream_service_time: '4',
    x_forwarded_for: null,
    user_agent: 'curl/7.73.0-DEV',
    request_id: '84961386-6d84-929d-98bd-c5aee93b5c88',
    authority: 'httpbin:8000',
    upstream_host: '10.44.1.27:80',
    upstream_cluster: 'outbound|8000||httpbin.foo.svc.cluster.local',
    upstream_local_address: '10.44.1.23:37854',
    downstream_local_address: '10.0.45.184:8000',
    downstream_remote_address: '10.44.1.23:37652',
    requested_server_name: null,
    upstream_transport_failure_reason: null,
    upstream_request_attempt_count: 2,
    trace_id: 'a1',
    reason: null,
  });
});

const HEADERS = { 'x-a': 'one', 'x-long': 'abcdefghij', 'x-query': '/p?secret=1', host: 'h' };
const RESPONSE = { 'grpc-status': '14', server: 'envoy' };
const full = requestRecord(
  {
    path: '/a?b=c',
    traceId: 't1',
    spanId: 's1',
    reason: 'why it failed',
    serverName: 'sni.example',
    flag: 'UF',
  },
  HEADERS,
  RESPONSE,
);

test.each<[string, string, unknown]>([
  ['%REQ(X-A)%', 'one', 'one'],
  ['%REQ(X-NONE)%', '-', null],
  ['%REQ(X-NONE?X-A)%', 'one', 'one'],
  ['%REQ(X-NONE?X-NEITHER)%', '-', null],
  ['%REQ(X-LONG):4%', 'abcd', 'abcd'],
  ['%REQ(:METHOD)%', 'GET', 'GET'],
  ['%REQ(:PATH)%', '/a?b=c', '/a?b=c'],
  ['%REQ(:SCHEME)%', 'http', 'http'],
  ['%REQ(HOST)%', 'httpbin:8000', 'httpbin:8000'],
  ['%REQ_WITHOUT_QUERY(:PATH)%', '/a', '/a'],
  ['%REQ_WITHOUT_QUERY(X-NONE?X-QUERY)%', '/p', '/p'],
  ['%RESP(SERVER)%', 'envoy', 'envoy'],
  ['%RESP(:STATUS)%', '418', '418'],
  ['%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%', '4', '4'],
  ['%START_TIME(%Y-%m-%d %H:%M:%S)%', '2020-11-25 21:26:18', '2020-11-25 21:26:18'],
  ['%START_TIME(%s.%3f)%', '1606339578.409', '1606339578.409'],
  ['%EMIT_TIME%', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z'],
  ['%PROTOCOL%', 'HTTP/1.1', 'HTTP/1.1'],
  ['%RESPONSE_CODE%', '418', 418],
  ['%RESPONSE_FLAGS%', 'UF', 'UF'],
  ['%RESPONSE_FLAGS_LONG%', 'UpstreamConnectionFailure', 'UpstreamConnectionFailure'],
  ['%BYTES_RECEIVED%', '0', 0],
  ['%BYTES_SENT%', '135', 135],
  ['%DOWNSTREAM_WIRE_BYTES_RECEIVED%', '150', 150],
  ['%DOWNSTREAM_WIRE_BYTES_SENT%', '300', 300],
  ['%DURATION%', '3', 3],
  ['%REQUEST_DURATION%', '1', 1],
  ['%RESPONSE_DURATION%', '3', 3],
  ['%RESPONSE_TX_DURATION%', '0', 0],
  ['%COMMON_DURATION(DS_RX_BEG:DS_RX_END:us)%', '1500', 1500],
  ['%COMMON_DURATION(DS_RX_END:DS_TX_END:ms)%', '2', 2],
  ['%COMMON_DURATION(DS_TX_END:DS_RX_BEG:ms)%', '-', null],
  ['%GRPC_STATUS%', 'Unavailable', 'Unavailable'],
  ['%GRPC_STATUS_NUMBER%', '14', 14],
  ['%UPSTREAM_HOST%', '10.44.1.27:80', '10.44.1.27:80'],
  ['%UPSTREAM_CLUSTER%', 'outbound|8000||httpbin.foo.svc.cluster.local', expect.any(String)],
  ['%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '10.44.1.27', '10.44.1.27'],
  ['%UPSTREAM_REMOTE_PORT%', '80', 80],
  ['%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%', '10.44.1.23', '10.44.1.23'],
  ['%UPSTREAM_LOCAL_PORT%', '37854', 37854],
  ['%UPSTREAM_REQUEST_ATTEMPT_COUNT%', '1', 1],
  ['%UPSTREAM_TRANSPORT_FAILURE_REASON%', 'why it failed', 'why it failed'],
  ['%DOWNSTREAM_REMOTE_ADDRESS%', '10.44.1.23:37652', '10.44.1.23:37652'],
  ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '10.44.1.23', '10.44.1.23'],
  ['%DOWNSTREAM_REMOTE_PORT%', '37652', 37652],
  ['%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%', '10.44.1.23', '10.44.1.23'],
  ['%DOWNSTREAM_LOCAL_PORT%', '8000', 8000],
  ['%DOWNSTREAM_PEER_URI_SAN%', '-', null],
  ['%REQUESTED_SERVER_NAME%', 'sni.example', 'sni.example'],
  ['%HOSTNAME%', 'productpage-v1-0', 'productpage-v1-0'],
  ['%TRACE_ID%', 't1', 't1'],
  ['%SPAN_ID%', 's1', 's1'],
  ['%ROUTE_NAME%', 'default', 'default'],
  ['%CONNECTION_TERMINATION_DETAILS%', '-', null],
  ['%WEFT_REASON%', 'why it failed', 'why it failed'],
])('%s is %j in text and %j in JSON', (operator, text, value) => {
  expect(written(operator, full)).toBe(`${text}\n`);
  expect(JSON.parse(written({ value: operator }, full))).toEqual({ value });
});

test('a value of several pieces is a string, and constants stay what they are', () => {
  const format = {
    a: '%PROTOCOL% %REQ(X-NONE)%',
    b: 'grün',
    c: 7,
    d: true,
    e: { f: '%RESPONSE_CODE%' },
    g: {},
  };
  expect(JSON.parse(written(format, full))).toEqual({
    a: 'HTTP/1.1 -',
    b: 'grün',
    c: 7,
    d: true,
    e: { f: 418 },
    g: {},
  });
});

test.each<[string | JsonLogFormat, string]>([
  ['[%REQ(X-NONE)%][%PROTOCOL%]\n', '[][HTTP/1.1]\n'],
  [{ a: '%REQ(X-NONE)%', b: '%PROTOCOL%', c: { d: '%REQ(X-NONE)%' } }, '{"b":"HTTP/1.1"}\n'],
  [{ a: '%REQ(X-NONE)%' }, '{}\n'],
  [{ a: 'x%REQ(X-NONE)%' }, '{"a":"x"}\n'],
])('empty values can be left out of %j', (format, expected) => {
  expect(written(format, full, { omitEmpty: true })).toBe(expected);
});

test('a format of any characters comes out as it was written', () => {
  expect(Buffer.from(written('→ %PROTOCOL% ←', full), 'latin1').toString()).toBe('→ HTTP/1.1 ←\n');
  expect(JSON.parse(written({ 'größe "x"': 'é' }, full))).toEqual({ 'größe "x"': 'é' });
});

/** Octets of a header value, one character each, and the text that JSON readers get. */
const HOSTILE: [string, string, string][] = [
  ['a line feed', 'a\nb', 'a\nb'],
  ['a forged line', 'x"\n{"method":"DELETE"}', 'x"\n{"method":"DELETE"}'],
  ['quotes and backslashes', '\\"\\n', '\\"\\n'],
  ['control characters', '\x00\x1b[31m\x7f\r\t', '\x00\x1b[31m\x7f\r\t'],
  ['octets that are UTF-8', Buffer.from('grün ☃').toString('latin1'), 'grün ☃'],
  ['octets that are none', '\xff\xfe', '\xff\xfe'],
  ['line separators', Buffer.from('\u2028\u0085').toString('latin1'), '\u2028\u0085'],
  ['half a character', '\ud800', '\ud800'],
];

test.each(HOSTILE)('%s cannot break a line', (_, value, expected) => {
  const record = requestRecord({ serverName: value }, { 'user-agent': value });
  const text = written(
    '[%REQ(USER-AGENT)%] "%REQ(USER-AGENT)%" %REQ(USER-AGENT)% %REQUESTED_SERVER_NAME%\n',
    record,
  );
  expect(text).toMatch(/^\[[ -~]*\] "[^"]*" [!-~]+ [!-~]+\n$/);
  const json = written({ agent: '%REQ(USER-AGENT)%', mixed: 'a %REQ(USER-AGENT)%' }, record);
  expect(json).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(json)).toEqual({ agent: expected, mixed: `a ${expected}` });
});

test('a space is no way out of a field that spaces end', () => {
  const record = requestRecord({}, { 'user-agent': 'a 200 -' });
  expect(written('1 %REQ(USER-AGENT)% 2', record)).toBe('1 a\\x20200\\x20- 2\n');
  expect(written('"%REQ(USER-AGENT)%" 2', record)).toBe('"a 200 -" 2\n');
});

test('lines are bounded, whatever the values are', () => {
  const long = '"'.repeat(60_000);
  const record = requestRecord({ path: long }, new Proxy({}, { get: () => long }));
  const many = Array.from({ length: 90 }, (_, i) => `%REQ(X-${i})%`);
  const text = written(many.join(' '), record);
  expect(text.length).toBeLessThanOrEqual(32 * 1024);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  const json = written(Object.fromEntries(many.map((each, i) => [`f${i}`, each])), record);
  expect(json.length).toBeLessThanOrEqual(32 * 1024);
  expect(Object.keys(JSON.parse(json))).toHaveLength(90);
});

test('only what the filter holds for is written', () => {
  const failures = { filter: 'response.code >= 500 || response.flags != 0' };
  expect(written('x', requestRecord(), failures)).toBe('');
  expect(written('x', requestRecord({ status: 503 }), failures)).toBe('x\n');
  expect(written('x', requestRecord({ flag: 'DC' }), failures)).toBe('x\n');
  expect(written('x', connectionRecord(), { filter: 'response.code >= 500' })).toBe('');
});

test('equal lists share one log; none is none; each of several is written', () => {
  const { lines, logs: all } = logs();
  const spec = (key: string): AccessLogSpec => ({
    key,
    format: { text: key },
    omitEmpty: false,
    filter: undefined,
  });
  expect(all.of([])).toBeUndefined();
  expect(all.of([spec('a')])).toBe(all.of([spec('a')]));
  expect(all.of([spec('a')])).not.toBe(all.of([spec('b')]));
  all.of([spec('a'), spec('b')])?.write(requestRecord());
  expect(lines).toEqual(['a\n', 'b\n']);
  all.close();
});

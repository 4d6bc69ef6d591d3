/**
 * A trace as it is really made: a control plane that says how a listener traces, a sidecar, an app, and a collector in a
 * cluster of the mesh.
 */
import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from '#api/xds/resource-types.ts';
import { TestAdsServer } from '#sidecar/discovery/test-ads-server.ts';
import {
  allTo,
  assignment,
  cluster,
  httpManager,
  listener,
  socketAddress,
} from '#sidecar/discovery/test-resources.ts';
import { startLoneSidecar } from '#test/support/lone-sidecar.ts';
import type { Sidecar } from '../sidecar.ts';
import {
  attributesOf,
  portOf,
  type Receiver,
  spansOf,
  startGrpcReceiver,
  startHttpReceiver,
} from './testing/collectors.ts';

const APP = 'outbound|80||web.shop.svc.cluster.local';
const COLLECTOR = 'outbound|4317||tempo.obs.svc.cluster.local';
const OTEL = 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig';
const PROVIDERS = {
  grpc: { grpc_service: { envoy_grpc: { cluster_name: COLLECTOR } } },
  http: {
    http_service: { http_uri: { uri: 'http://tempo.obs:4318/v1/traces', cluster: COLLECTOR, timeout: '5s' } },
  },
} as const;

let server: TestAdsServer;
let app: Server;
let seen: string[];
let collector: Receiver;
let sidecar: Sidecar;

beforeEach(async () => {
  seen = [];
  server = new TestAdsServer();
  const port = await server.start();
  app = createServer((request, response) => {
    seen.push(String(request.headers['traceparent']));
    response.end('hello');
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  sidecar = await startLoneSidecar({ discoveryPort: port, config: { pod: 'client-1', workload: 'client' } });
});

afterEach(async () => {
  await sidecar.close();
  server.stop();
  app.closeAllConnections();
  app.close();
  await collector[Symbol.asyncDispose]();
});

async function configure(protocol: keyof typeof PROVIDERS): Promise<void> {
  collector = await (protocol === 'grpc' ? startGrpcReceiver() : startHttpReceiver());
  await server.subscription(LISTENER_TYPE, '*');
  server.send(CLUSTER_TYPE, [cluster(APP), cluster(COLLECTOR)]);
  await server.subscription(ENDPOINT_TYPE, COLLECTOR);
  server.send(ENDPOINT_TYPE, [
    assignment(APP, [`127.0.0.1:${portOf(app)}`]),
    assignment(COLLECTOR, [`127.0.0.1:${collector.port}`]),
  ]);
  const config = { '@type': OTEL, ...PROVIDERS[protocol], service_name: 'client.shop' };
  const tracing = {
    random_sampling: { value: 100 },
    spawn_upstream_span: true,
    provider: { name: 'envoy.tracers.opentelemetry', typed_config: config },
  };
  const manager = httpManager({ route_config: { name: 'r', virtual_hosts: [allTo(APP)] }, tracing });
  const address = socketAddress('0.0.0.0', 80);
  const chains = [{ filters: [manager] }];
  const listening = listener('0.0.0.0_80', { address, bind_to_port: false, filter_chains: chains });
  const answer = await server.answerTo(server.send(LISTENER_TYPE, [listening]));
  expect(answer.errorDetail?.message ?? '').toBe('');
}

function ask(): Promise<number> {
  return new Promise((resolve, reject) => {
    const to = {
      host: '127.0.0.1',
      port: sidecar.ports.outbound,
      agent: false,
      path: '/a?b=1',
      headers: { host: 'web' },
    };
    httpRequest(to, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

describe.each(['grpc', 'http'] as const)('over %s', (protocol) => {
  test('what a drain finds in the queue arrives, whole and with its parents right', async () => {
    await configure(protocol);
    expect(await ask()).toBe(200);
    await sidecar.drain();
    const spans = spansOf(collector.received);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const request = spans.find(({ parentSpanId }) => parentSpanId.length === 0)!;
    const [first, ...others] = spans.filter((span) => span !== request);
    expect(others).toEqual([]);
    expect(hex(first!.parentSpanId)).toBe(hex(request.spanId));
    expect(seen).toEqual([`00-${hex(request.traceId)}-${hex(first!.spanId)}-03`]);
    expect(request.name).toBe('web.shop.svc.cluster.local:80/*');
    expect(attributesOf(request)).toMatchObject({ 'http.response.status_code': 200n, 'url.query': 'b=1' });
    expect(first!.startTimeUnixNano >= request.startTimeUnixNano).toBe(true);
    expect(first!.endTimeUnixNano <= request.endTimeUnixNano).toBe(true);
    expect(attributesOf(collector.received[0]!.request.resourceSpans[0]!.resource!)).toMatchObject({
      'service.name': 'client.shop',
      'service.namespace': 'shop',
    });
  });
});
